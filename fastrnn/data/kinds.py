"""Recognizes files that are not text: common kinds by their first bytes, others by their control characters.

A text may contain control characters, even NUL, because the gist accepts them. A file is binary if it has many of them
or many different ones, or one NUL if it is also not in the encoding.
"""

import re
from contextlib import suppress

from .detection import mark_of
from .guesses import wide

HEAD = 1 << 16  # bytes that are checked
LOOK = 8000  # bytes that are checked for NUL in files of a folder
CONTROLS = {*range(9), *range(14, 27), *range(28, 32)}  # a tenth of compressed data, and half of UTF-16
USUAL = bytes({*range(256)} - CONTROLS)
VARIED = 8  # different control characters; no text has as many
MANY, NULS, SHARE = 32, 0.1, 0.02  # minimum number; minimum share of NUL bytes, or of varied ones
WIDE = ('utf-16', 'utf-32')  # encodings in which NUL bytes are normal

SAVE = 'save it as plain text first'
OTHER = 'name a text file, or read it as bytes with --unit byte'
KINDS = (
    (rb'%PDF-', 'a PDF', 'extract its text first, e.g. with pdftotext'),
    (rb'PK(\x03\x04|\x05\x06)', 'a zip archive or a document (docx, odt, epub)', f'unpack it, or {SAVE}'),
    (rb'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Office document (doc, xls or ppt)', SAVE),
    (rb'.{257}ustar(  )?\0', 'a tar archive', 'unpack it, and name the text files in it'),
    (rb'\x1f\x8b\x08', 'a gzip file in a gzip file', 'unpack it once'),
    (rb'.{8}\{"__metadata__":', 'a model (safetensors)', OTHER),
)


def kind_of(head: bytes) -> str:
    """What kind of file this is, and what to do, if it does not start like text; else ''. head: decompressed."""
    found = (f'{kind}, not text; {cure}' for start, kind, cure in KINDS if re.match(start, head, re.DOTALL))
    return next(found, '')


def is_binary(head: bytes) -> bool:
    """True if a file of a folder should be skipped as binary. UTF-16 with a byte-order mark counts as text."""
    if mark_of(head) in WIDE:
        return False
    return bool(kind_of(head)) or 0 in head[:LOOK] or len(set(_controls(head[:LOOK]))) >= VARIED


def check_kind(path: object, head: bytes) -> None:
    """Raise ValueError if the first bytes are those of a known kind that is not text."""
    if mark_of(head) not in WIDE and (kind := kind_of(head)):
        raise ValueError(f'{path}: is {kind}')


def check_controls(path: object, head: bytes, encoding: str, fails: int | None = None) -> None:
    """Raise ValueError for a file with more control characters than a text has.

    fails: offset of the first byte that is not in the encoding, if any.
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
        if fails is None:  # else the decoding error names it
            raise ValueError(f'{path}: looks like {order}, without a byte-order mark: add --encoding {order}')
    elif binary:
        are = 'is a control character' if len(controls) == 1 else 'are control characters'
        of = f'{len(controls):,} of its first {len(head):,} bytes {are}'
        raise ValueError(f'{path}: does not look like text: {of}; {OTHER}')


def _controls(data: bytes) -> bytes:
    return data.translate(None, USUAL)


def _like_ascii(encoding: str) -> bool:
    """True if a NUL byte decodes to a NUL character."""
    with suppress(UnicodeError, LookupError):
        return 'a\0'.encode(encoding) == b'a\0'
    return False
