"""How plausible a decoded text is: by the letters that its language uses, and where in a word they are.

A wrong encoding makes symbols inside words, capitals after small letters, words of two scripts, letters that no single
language has, or ideographs that hardly anybody uses.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

LATIN = [  # letters beyond ASCII, by language
    *('àâæçèéêëîïôœùûüÿ', 'áéíñóúüºª', 'ãáâàçéêíóôõúºª', 'àèéìòùî', 'äöüß', 'åäæöøé', 'áéíóúýðþæö', 'äëïöüéèàùâêîôûç'),
    *('ąćęłńóśźż', 'áčďéěíňóřšťúůýžľĺŕäô', 'áéíóöőúüű', 'ăâîșțşţ', 'čćđšž', 'çğıöşüâîiû', 'ąčęėįšųūž', 'āčēģīķļņōŗšūž'),
    *('äõöüšž', 'àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ\u0300\u0301\u0303\u0309\u0323'),
]
ALPHABETS = [  # small letters of other scripts, and those that are most frequent, in this order
    ('а-яёіїєґўђјљњћџѓќѕ', 'оеаинтсрвлкмдпуяыьгзбчйхжш'),
    ('α-ωάέήίόύώϊϋΐΰ', 'αοιετσνηυρπκμςλίάόγδέήωύθ'),
    ('א-ת\u05b0-\u05c7װ-ײ', 'יוהלארתבשמענםדכחקפןגטסצז'),
    ('\u0621-\u0652پچژگکیۀھہے', 'الينوممترهبدعسفةكقحجأشصخط'),
    ('\u0e01-\u0e5b', 'านรอกเงมยลวด่้ทสิตีะปับ็คหแจพุชขใไโูืำ์'),
]
FALL = 1 / 3  # of such a list, after which the frequency falls to 1/e
ALIKE = 0.85  # cosine of the frequencies in a text and those in the language, from which they are the same
MARKS = '“”„‘’‚«»‹›–—…•·¿¡°§©®™€£×½¼¾²³±\xa0‰†'  # that stand between words
INSIDE = '’·‘–—'  # and these inside of some
WIDE = '\u3001-\u3003\u3005-\u3011\u3014-\u301e\uff01-\uff5e\u2018-\u201d\u2014\u2015\u2025\u2026\u00b7・ー～'
KANA, HAN, HANGUL = '\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe', '\u3400-\u4dbf\u4e00-\u9fff', '\uac00-\ud7a3'
RARE = 0.72  # what an ideograph or a syllable counts that few texts have
ODD = re.compile('[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\uff61-\uff9f\ufffd-\U0010ffff]')


@cache
def usual(encoding: str, first: int, last: int) -> frozenset[str]:
    """The characters of an East Asian standard that nearly all text is made of, by their lead bytes."""
    codes = (
        bytes([lead, trail]) for lead in range(first, last + 1) for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    )
    return frozenset(''.join(code.decode(encoding, 'ignore') for code in codes))


def plausibility(text: str) -> float:
    """From 0 to 1: how well the characters beyond ASCII, or all letters if there are none, suit a language."""
    high = re.findall('[^\0-\x7f]', text)
    if not high:
        return float(len(re.findall('[A-Za-z ,.\n]', text)) >= 0.9 * len(text) > 0)
    if len(high) < len(text) / 50 and (controls := re.findall('[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]', text)):
        high += controls
    counts = Counter(high)
    scores = [_east(text, counts), _latin(text, counts), *_alphabets(text, counts)]
    return max(0.0, max(scores) - 3 * len(ODD.findall(text))) / len(high)


def _count(counts: Counter[str], chars: str) -> int:
    """Occurrences of the characters of a class, as regular expressions have them."""
    return sum(counts[char] for char in re.findall(f'[{chars}]', ''.join(counts)))


def _east(text: str, counts: Counter[str]) -> float:
    """Of Chinese, Japanese or Korean: what is of the first level counts, what is rare counts half."""
    kana, han, hangul, marks = (_count(counts, chars) for chars in (KANA, HAN, HANGUL, WIDE))
    letters = kana + han + hangul
    marks = min(marks, letters)
    levels = [usual('gb2312', 0xB0, 0xD7), usual('big5', 0xA4, 0xC6)]
    if kana > 0.1 * letters:
        levels = [usual('euc_jp', 0xB0, 0xCF)]
    common = max(sum(count for char, count in counts.items() if char in level and _is(char, HAN)) for level in levels)
    korean = sum(counts[char] for char in usual('euc_kr', 0xB0, 0xC8) if char in counts)
    chinese = common + RARE * (han - common) + marks
    wrong = len(FOREIGN.findall(text))
    return (chinese + kana if kana > 0.1 * letters else max(chinese, korean + RARE * (hangul - korean) + marks)) - wrong


def _is(char: str, chars: str) -> bool:
    return re.match(f'[{chars}]', char) is not None


LETTERS = 'A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ\u0300-\u036f'
INNER = re.compile(f'(?<=[{LETTERS}])[^\0-\x7f{LETTERS}{INSIDE}](?=[{LETTERS}])|(?<=[{LETTERS}])[‚„¿¡]')
RAISED = re.compile('(?<=[a-zß-öø-ÿ])(?:[À-ÖØ-Þ]|[ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ])')
NEXT = re.compile('[À-ÖØ-öø-ɏ]{2}')
FOREIGN = re.compile(f'(?<=[A-Za-z])[{WIDE}{KANA}{HAN}{HANGUL}](?=[A-Za-z])')


def _latin(text: str, counts: Counter[str]) -> float:
    """The letters of that language which has most of them, and marks; not letters of several languages."""
    found = max(_count(counts, language + language.upper().replace('SS', '')) for language in LATIN)
    vietnamese = _count(counts, LATIN[-1]) == found
    letters = _count(counts, 'À-ÖØ-öø-ɏḀ-ỿ\u0300-\u036f')
    marks = _count(counts, MARKS)
    wrong = len(INNER.findall(text)) + len(RAISED.findall(text))
    if not vietnamese:
        wrong += max(0, len(NEXT.findall(text)) - letters // 5)
    marks = min(marks, found + len(re.findall('[A-Za-z]', text)))  # there are words between them
    return found + marks - wrong


def _alphabets(text: str, counts: Counter[str]) -> Iterator[float]:
    """Of other alphabets: as far as letters are as frequent as in the language; a word has letters of one script."""
    for small, frequent in ALPHABETS:
        capital = small.upper() if small.upper() != small else ''
        found = {char: counts[char] for char in re.findall(f'[{small}]', ''.join(counts))}
        if not found:
            continue
        capitals = _count(counts, capital) if capital else 0
        total, wrong = sum(found.values()) + capitals, len(re.findall(f'(?<=[A-Za-z])[{small}{capital}]', text))
        if capital:
            wrong += len(re.findall(f'(?<=[{small}])[{capital}]', text))
        usual = {char: math.exp(-k / (FALL * len(frequent))) for k, char in enumerate(frequent)}
        product = sum(count * usual.get(char, 0.0) for char, count in found.items())
        cosine = product / math.hypot(*found.values(), capitals) / math.hypot(*usual.values())
        yield total * min(1.0, cosine / ALIKE) + min(_count(counts, MARKS), total) - wrong
