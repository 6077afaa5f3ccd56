"""Files that are not text: the kinds that people have, by how they begin, and all others by their control characters.

A text may hold control characters, NUL too, as the gist reads them. Only many of them, or of many kinds, make a file a
binary one; or one NUL, if the rest is not in the encoding either.
"""

import re
from contextlib import suppress

from .detection import mark_of
from .guesses import wide

HEAD = 1 << 16  # bytes that are looked at
LOOK = 8000  # of them, for a NUL byte in a file that nobody has named
CONTROLS = {*range(9), *range(14, 27), *range(28, 32)}  # a tenth of compressed data, and half of UTF-16
USUAL = bytes({*range(256)} - CONTROLS)
VARIED = 8  # different ones, which no text has
MANY, NULS, SHARE = 32, 0.1, 0.02  # the least of them: a number; a share of NUL bytes, or of varied ones
WIDE = ('utf-16', 'utf-32')  # which a byte-order mark may name

SAVE = 'save it as plain text first'
OTHER = 'name a text file, or take the bytes as they are with --unit byte'
KINDS = (
    (rb'%PDF-', 'a PDF', 'take its text out first, as pdftotext does'),
    (rb'PK(\x03\x04|\x05\x06)', 'a zip archive, or a document that is one (docx, odt, epub)', f'unpack it, or {SAVE}'),
    (rb'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Office document (doc, xls or ppt)', SAVE),
    (rb'.{257}ustar(  )?\0', 'a tar archive', 'unpack it, and name the text files in it'),
    (rb'\x1f\x8b\x08', 'a gzip file in a gzip file', 'unpack it once'),
    (rb'.{8}\{"__metadata__":', 'a model (safetensors)', OTHER),
)


def kind_of(head: bytes) -> str:
    """What a file is, and what would do, if it begins as no text does; else ''. head: its first bytes, unpacked."""
    found = (f'{kind}, not text; {cure}' for start, kind, cure in KINDS if re.match(start, head, re.DOTALL))
    return next(found, '')


def is_binary(head: bytes) -> bool:
    """Whether a file that nobody has named is to be taken for no text; UTF-16 is, as it has a byte-order mark."""
    if mark_of(head) in WIDE:
        return False
    return bool(kind_of(head)) or 0 in head[:LOOK] or len(set(_controls(head[:LOOK]))) >= VARIED


def check_kind(path: object, head: bytes) -> None:
    """Raise ValueError for a file that begins as no text does, whatever its encoding."""
    if mark_of(head) not in WIDE and (kind := kind_of(head)):
        raise ValueError(f'{path}: is {kind}')


def check_controls(path: object, head: bytes, encoding: str, fails: int | None = None) -> None:
    """Raise ValueError for a file with control characters as no text has them.

    fails: the first byte that is not in the encoding, if any.
    """
    if mark_of(head) in WIDE or not _like_ascii(encoding):
        return
    controls = _controls(head)
    varied = len(set(controls)) >= VARIED
    enough = len(controls) >= max(MANY, (SHARE if varied else NULS) * len(head))
    binary = varied or head.count(0) >= max(MANY, NULS * len(head)) or 0 in head[: fails or 0]
    if not enough and not (binary and fails is not None):
        return
    if order := wide(head):
        if fails is None:  # else what it may be is told where it fails
            raise ValueError(f'{path}: looks like {order}, without a byte-order mark: add --encoding {order}')
    elif binary:
        are = 'is a control character' if len(controls) == 1 else 'are control characters'
        of = f'{len(controls):,} of its first {len(head):,} bytes {are}'
        raise ValueError(f'{path}: does not look like text: {of}; {OTHER}')


def _controls(data: bytes) -> bytes:
    return data.translate(None, USUAL)


def _like_ascii(encoding: str) -> bool:
    """Whether a NUL byte is a NUL character."""
    with suppress(UnicodeError, LookupError):
        return 'a\0'.encode(encoding) == b'a\0'
    return False
