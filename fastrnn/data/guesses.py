"""Which encoding a text probably has: of those in which all of it can be read, the one that makes the best words.

It takes some 0.3 s for a large text, and no more for a larger one: what is decoded for it is bounded.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

from .plausible import plausibility

Chunks = Callable[[], Iterable[bytes]]  # of a file, from its start

WIDE = ('utf-16-le', 'utf-16-be', 'utf-32-le', 'utf-32-be')
NARROW = (  # of two that read the same, the first is named
    *('cp932', 'euc_jp', 'euc_kr', 'cp949', 'gbk', 'gb18030', 'big5', 'big5hkscs'),
    *('cp1252', 'iso8859-15', 'cp1250', 'iso8859-2', 'cp1251', 'koi8-r', 'koi8-u', 'iso8859-5', 'cp866', 'cp1253'),
    *('iso8859-7', 'cp1254', 'iso8859-9', 'cp1255', 'iso8859-8', 'cp1256', 'iso8859-6', 'cp1257', 'iso8859-13'),
    *('cp1258', 'cp874', 'mac-roman', 'mac-cyrillic', 'cp437', 'cp850', 'cp852', 'cp857', 'cp862', 'cp737'),
    *('mac-latin2', 'mac-greek', 'iso8859-4', 'iso8859-3', 'euc_jisx0213', 'johab', 'latin-1', 'cp500', 'cp037'),
)
SEVEN_BIT = [
    (rb'\x1b\$[@AB]|\x1b\$\([A-Q]', ('iso2022_jp', 'iso2022_jp_2', 'iso2022_jp_3', 'iso2022_jp_2004')),
    (rb'\x1b\$\)C', ('iso2022_kr',)),
    (rb'~\{[!-w][!-~]', ('hz',)),
    (rb'\+[0-9A-Za-z+/]{3,}', ('utf-7',)),
]
SAMPLE = 1 << 15  # bytes that are decoded for a guess
LOOKED_AT = 1 << 22  # bytes in which words for it are looked for
CHECKED = 1 << 25  # bytes that have to be in the encoding, from the first on that was not in another
ENOUGH = 2  # bytes beyond ASCII, below which nothing is guessed
LIKELY, CERTAIN = 0.75, 0.9  # plausibility of a text; of one that is damaged, too
USUAL = bytes([*range(9, 14), 27, *range(32, 127), *range(128, 256)])
BEYOND = bytes(range(128, 256))
ABOVE = bytes(range(0x30, 0x100))  # bytes that can be a part of a character in these encodings; others end one


def guess(chunks: Chunks, at: int) -> tuple[str, bool] | None:
    """An encoding, and whether all is in it; None where no language comes out. Byte ``at`` is not in another."""
    words = _words(chunks, at)
    if len(words) - len(words.translate(None, BEYOND)) < ENOUGH:
        words = b''
    scores = {name: _score(words, name) for name in NARROW if words} | _wide(next(iter(chunks()), b''))
    likely = [name for name in sorted(scores, key=lambda name: -scores[name]) if scores[name] >= LIKELY]
    start = at if at > CHECKED else 0
    for name in likely:
        if _reads(name, _from(chunks, 0 if name in WIDE else start)):
            return name, True
    return (likely[0], False) if likely and scores[likely[0]] >= CERTAIN else None


def wide(head: bytes) -> str:
    """The encoding of a text that has two or four bytes for each character, and no mark; '' if it has not."""
    scores = _wide(head)
    best = max(scores, key=lambda name: scores[name], default='')
    return best if best and scores[best] >= LIKELY and _reads(best, iter([head[:SAMPLE]])) else ''


def seven_bit(head: bytes) -> str:
    """The encoding of a text in which all bytes are ASCII, though its characters are not; '' if it is another."""
    names = [name for mark, names in SEVEN_BIT if re.search(mark, head) for name in names]
    return next((name for name in names if _reads(name, iter([head])) and _score(head, name) >= LIKELY), '')


def _wide(head: bytes) -> dict[str, float]:
    """Scores, where there are bytes that other texts do not have."""
    sample = head[: min(len(head), SAMPLE) // 4 * 4]
    return {name: _score(sample, name) for name in WIDE} if sample.translate(None, USUAL) else {}


def _words(chunks: Chunks, at: int) -> bytes:
    """Those with bytes beyond ASCII; no character is cut, except for a last one."""
    found, looked = b'', 0
    for data in _from(chunks, at):
        looked += len(data)
        for word in re.finditer(rb'[0-\xff]+[\0-/]?', data):
            found += b'' if word[0].isascii() else word[0]
            if len(found) >= SAMPLE:
                return found[:SAMPLE]
        if looked >= LOOKED_AT:
            break
    return found


def _from(chunks: Chunks, at: int) -> Iterator[bytes]:
    """A text from the start of the word that has byte ``at``, up to a limit."""
    before, offset, left = b'', 0, CHECKED
    for chunk in chunks():
        data = before + chunk
        if offset + len(data) <= at:
            before = data[-SAMPLE:]
            offset += len(data) - len(before)
            continue
        if left == CHECKED:
            data = data[len(data[: at - offset].rstrip(ABOVE)) :]
            before, offset, at = b'', 0, -1
        yield data
        left -= len(data)
        if left <= 0:
            break


def _score(sample: bytes, name: str) -> float:
    text = codecs.getincrementaldecoder(name)('replace').decode(sample)
    if name in WIDE:  # ASCII is a choice, too: each word counts as a character
        text = re.sub('[ -~\\s]{2,}', ' é ', re.sub('[ -~\\s](?![ -~\\s])', '', text))
    return plausibility(text) if len(text) > 1 or name in WIDE else 0.0


def _reads(name: str, chunks: Iterable[bytes]) -> bool:
    """Whether a text can be read, but for a last character that is not whole."""
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
    except UnicodeError:
        return False
    return True
