"""Which encoding a text may have: by its byte-order mark, or guessed from its bytes where it is not the one named."""

import codecs
import re
import warnings
from contextlib import suppress

MARKS = (  # the longer ones first: utf-32's begins as utf-16's
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF8, 'utf-8'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)
LONGEST = 4  # bytes of a mark
MARK = '\ufeff'  # decoded
WITHOUT = {'utf-8': 'utf-8-sig'}  # what leaves the mark out; utf-16 and utf-32 do
SAMPLE = 1 << 15  # bytes before and after the place of an error that a guess is made of
ENOUGH = 4  # bytes that are not ASCII, below which nothing is guessed
ZEROS = 0.3  # share of a text's bytes that are 0, all at odd or all at even places, if it is in utf-16
DAMAGED = 0.05  # share of the characters that are not ASCII, up to which a text in UTF-8 may be damaged


def mark_of(head: bytes) -> str:
    """The encoding that a text's first bytes name by a mark; '' if they do not."""
    return next((name for mark, name in MARKS if head.startswith(mark)), '')


def tell_of_mark(path: object, head: bytes, encoding: str, errors: str) -> None:
    """Warn of a mark that will be read as a character, or as something else; not where it is an error."""
    marked, named = mark_of(head), codecs.lookup(encoding).name
    if not marked or named in ('utf-16', 'utf-32', 'utf-8-sig'):  # which leave it out
        return
    length = next(len(mark) for mark, _ in MARKS if head.startswith(mark))
    with suppress(UnicodeError):
        read = codecs.getincrementaldecoder(encoding)(errors).decode(head[:length])
        if read == MARK:
            told = 'which counts as a character (U+FEFF)'
        elif read:
            told = f'but is read as {encoding}'
        else:
            return
        cure = WITHOUT.get(marked, marked)
        message = f'{path}: begins with a byte-order mark of {marked}, {told}; --encoding {cure} leaves it out'
        warnings.warn(message, RuntimeWarning, stacklevel=3)


def advice(head: bytes, data: bytes, at: int, encoding: str) -> str:
    """What to do about ``data[at]``, which is not in this encoding, in words; ``head``: the text's first bytes."""
    marked = mark_of(head)
    if marked and marked != codecs.lookup(encoding).name:
        return f'the text looks like {marked}: add --encoding {WITHOUT.get(marked, marked)}'
    start = max(0, at - SAMPLE)
    start = max(start, data.rfind(b'\n', start, at) + 1) if at - start == SAMPLE else start  # no half character
    sample = data[start : at + SAMPLE]
    if _nearly_utf8(sample):
        return 'nearly all else is utf-8: --encoding utf-8 --errors replace reads the rest'
    guess = _wide(sample, start) or _guessed(sample)
    if guess and codecs.lookup(guess) != codecs.lookup(encoding):
        return f'the text may be {guess}: try --encoding {guess}'
    return "name the text's encoding with --encoding, e.g. latin-1"


def _nearly_utf8(sample: bytes) -> bool:
    text = sample.decode('utf-8', 'replace')
    return 0 < text.count('\ufffd') <= DAMAGED * len(re.findall('[^\0-\x7f]', text))


def _wide(sample: bytes, start: int) -> str:
    """The name of utf-16 without a mark, if every other byte of it is mostly 0, as of English."""
    even, odd = (sample[(start + place) % 2 :: 2].count(0) for place in (0, 1))
    if max(even, odd) < ZEROS * len(sample) or min(even, odd) > max(even, odd) / 9:
        return ''
    return 'utf-16-le' if odd > even else 'utf-16-be'


def _guessed(sample: bytes) -> str:
    """By statistics of languages; '' where nothing fits."""
    if len(sample) - len(sample.translate(None, bytes(range(128, 256)))) < ENOUGH and b'\x1b' not in sample:
        return ''
    from charset_normalizer import from_bytes  # a tenth of a second

    found = from_bytes(sample).best()
    return '' if found is None or found.encoding == 'ascii' else found.encoding.replace('_', '-')
