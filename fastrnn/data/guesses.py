"""Guesses a text's encoding: chardet's candidates, restricted to those that can decode the text.

Sample and check have a size limit, so that a large text takes no longer.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

Chunks = Callable[[], Iterable[bytes]]  # of a file, from its start

EAST = ('gb18030', 'big5hkscs', 'cp932', 'euc_jis_2004', 'cp949', 'euc_kr')  # with multi-byte characters
STANDARDS = ('gb2312', 'big5', 'euc_jp')  # with the common characters only
SEVEN_BIT = rb'\x1b\$|~\{|\+[0-9A-Za-z+/]{3,}'  # how a character beyond ASCII may start in 7-bit encodings
SAMPLE = 1 << 15  # bytes that chardet sees
CHECKED = 1 << 25  # bytes to decode as a check, from the first byte that another encoding could not decode
ENOUGH = 2  # bytes beyond ASCII; no guess with fewer
DOUBT = 0.12  # chardet's confidence; below it, a text is damaged or has few letters beyond ASCII
USUAL = bytes([*range(9, 14), 27, *range(32, 127), *range(128, 256)])
BEYOND = bytes(range(128, 256))
ABOVE = bytes(range(0x30, 0x100))  # bytes that can be part of a character in these encodings


def guess(chunks: Chunks, at: int) -> tuple[str, bool] | None:
    """An encoding, and whether it decodes everything; None if nothing fits. Byte ``at`` failed in another encoding."""
    if (name := wide(next(iter(chunks()), b''))) and _reads(name, _from(chunks, 0)):
        return name, True
    sample = _sample(_from(chunks, 0 if at < SAMPLE // 2 else at))
    if len(sample) - len(sample.translate(None, BEYOND)) < ENOUGH:
        return None
    found = _candidates(sample)
    best = max(found.values(), default=0.0)
    if best < DOUBT and (name := next((name for name in EAST if _is_damaged(sample, name)), '')):
        return name, False
    start = at if at > CHECKED else 0
    for name, confidence in found.items():
        if (best < DOUBT or confidence >= best / 2) and _reads(name, _from(chunks, start)):
            return name, True
    return (next(iter(found)), False) if best >= DOUBT else None


def _sample(chunks: Iterable[bytes]) -> bytes:
    """The start of a text; chardet accepts a cut character at its end."""
    sample = b''
    for chunk in chunks:
        sample += chunk[: SAMPLE - len(sample)]
        if len(sample) == SAMPLE:
            break
    return sample


def _candidates(sample: bytes) -> dict[str, float]:
    """Encodings with chardet's confidence, in the order in which to try them.

    Web encodings come first if the confidence is low, or if they decode the sample equally.
    """
    modern, found = (
        {name: confidence for name, confidence in _ask(sample, modern=modern).items() if not name.startswith('utf')}
        for modern in (True, False)
    )
    if max(found.values(), default=0.0) < DOUBT:
        return modern | found
    texts = {name: _decoded(sample, name) for name in found}
    first = texts[next(iter(found))]
    return {name: found[name] for name in modern if texts.get(name) == first} | found


def _is_damaged(sample: bytes, name: str) -> bool:
    """True if all but a few bytes are in this encoding: chardet names it when they are removed."""
    rest = _decoded(sample, name).encode(name)
    found = _ask(rest) if len(rest) > 0.95 * len(sample) else {}
    return found.get(name, 0.0) >= max(DOUBT, *found.values(), 0.0)


def _decoded(sample: bytes, name: str) -> str:
    return codecs.getincrementaldecoder(name)('ignore').decode(sample)


def wide(head: bytes) -> str:
    """The UTF-16 or UTF-32 encoding of a text without a mark; '' if it is neither."""
    sample = head[: min(len(head), SAMPLE) // 4 * 4]
    if not sample.translate(None, USUAL):
        return ''
    name = next(iter(_ask(sample)), '')
    size = {'utf-16-le': 2, 'utf-16-be': 2, 'utf-32-le': 4, 'utf-32-be': 4}.get(name, 0)
    if size and len(_printable(sample, name)) > 0.9 * len(sample) / size:
        return name
    return next((name for name in ('utf-16-le', 'utf-16-be') if _is_east(sample, name)), '')


def _is_east(sample: bytes, name: str) -> bool:
    """True if nearly all characters are common in Chinese or Japanese; by chance a third are. chardet misses these."""
    text = _printable(sample, name)
    usual = max(len(text.encode(standard, 'ignore').decode(standard)) for standard in STANDARDS)
    return usual > 0.9 * len(sample) / 2


def _printable(sample: bytes, name: str) -> str:
    return ''.join(char for char in sample.decode(name, 'ignore') if char.isprintable() or char.isspace())


def seven_bit(head: bytes) -> str:
    """The 7-bit encoding (ISO-2022, HZ, UTF-7) of a text with only ASCII bytes; '' if there is none."""
    name = next(iter(_ask(head[:SAMPLE])), '') if re.search(SEVEN_BIT, head) else ''
    return name if name not in ('', 'ascii', 'utf-8') and _reads(name, iter([head])) else ''


def _ask(sample: bytes, *, modern: bool = False) -> dict[str, float]:
    """chardet's encodings with its confidence, the most likely first."""
    import chardet  # slow to import, and rarely needed

    era = chardet.EncodingEra.MODERN_WEB if modern else chardet.EncodingEra.ALL
    found = chardet.detect_all(sample, ignore_threshold=True, encoding_era=era, compat_names=False)
    names = {one['encoding']: one['confidence'] for one in found if one['encoding']}
    return {codecs.lookup(name).name: confidence for name, confidence in names.items()}


def _from(chunks: Chunks, at: int) -> Iterator[bytes]:
    """The text from the start of the word with byte ``at``, at most CHECKED bytes."""
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


def _reads(name: str, chunks: Iterable[bytes]) -> bool:
    """True if the text can be decoded, ignoring an incomplete last character."""
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for chunk in chunks:
            decoder.decode(chunk)
    except UnicodeError:
        return False
    return True
