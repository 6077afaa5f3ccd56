"""Files that are no text, told by their first bytes.

A text may hold NUL characters, as the gist reads them: only many of them, or one where the rest is not in the
encoding either, make a file that has no kind of its own a binary one.
"""

import codecs
import re
from contextlib import suppress

from .guesses import wide

HEAD = 1 << 16  # bytes that are looked at
LOOK = 8000  # of them, for a NUL byte in a file that nobody has named
MANY, SHARE = 32, 0.1  # NUL bytes that no text has, and their least share
ODD = bytes([*range(9), *range(14, 27), *range(28, 32)])  # control characters, of which UTF-16 has many
MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

UNPACK = 'unpack it, and name the text files in it'
SAVE = 'save it as plain text first'
OTHER = 'name a text file, or take the bytes as they are with --unit byte'
ZIPPED = (  # how a name in a zip file begins, with what follows it; the kind; what would do
    (rb'mimetypeapplication/epub\+zip', 'an e-book (EPUB)', SAVE),
    (rb'mimetypeapplication/vnd\.oasis\.opendocument', 'an OpenDocument file', SAVE),
    (rb'word/', 'a Word document (docx)', SAVE),
    (rb'ppt/', 'a PowerPoint file (pptx)', SAVE),
    (rb'xl/', 'an Excel file (xlsx)', SAVE),
    (rb'', 'a zip archive', UNPACK),
)
ENTRY = rb'PK(?:\x05\x06|\x03\x04.{26})'  # what precedes a name; of an empty zip nothing follows
KINDS = (  # offset, bytes, kind, what would do
    (0, b'%PDF-', 'a PDF', 'take its text out first, as pdftotext does'),
    (0, b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Office document (doc, xls or ppt)', SAVE),
    (257, b'ustar\0', 'a tar archive', UNPACK),
    (257, b'ustar  \0', 'a tar archive', UNPACK),
    (0, b'7z\xbc\xaf\x27\x1c', 'a 7z archive', UNPACK),
    (0, b'Rar!\x1a\x07', 'a rar archive', UNPACK),
    (0, b'BZh91AY&SY', 'a bzip2 file', 'unpack it first'),
    (0, b'\xfd7zXZ\0', 'an xz file', 'unpack it first'),
    (0, b'\x28\xb5\x2f\xfd', 'a zstd file', 'unpack it first'),
    (0, b'\x1f\x8b\x08', 'a gzip file in a gzip file', 'unpack it once'),
    (0, b'\x89PNG\r\n\x1a\n', 'a PNG image', OTHER),
    (0, b'\xff\xd8\xff', 'a JPEG image', OTHER),
    (0, b'II*\0', 'a TIFF image', OTHER),
    (0, b'MM\0*', 'a TIFF image', OTHER),
    (0, b'OggS\0', 'a sound (Ogg)', OTHER),
    (0, b'ID3\x03', 'a sound (MP3)', OTHER),
    (0, b'ID3\x04', 'a sound (MP3)', OTHER),
    (0, b'fLaC\0', 'a sound (FLAC)', OTHER),
    (0, b'\x7fELF', 'a program (ELF)', OTHER),
    (0, b'MZ\x90\0', 'a program (exe)', OTHER),
    (0, b'\0asm', 'a program (WebAssembly)', OTHER),
    (0, b'SQLite format 3\0', 'an SQLite database', OTHER),
    (0, b'\x93NUMPY', 'a NumPy array', OTHER),
    (0, b'\x89HDF\r\n\x1a\n', 'an HDF5 file', OTHER),
    (0, b'PAR1\x15', 'a Parquet table', OTHER),
    (8, b'{"__metadata__":', 'a model (safetensors)', OTHER),
)


def kind_of(head: bytes) -> tuple[str, str] | None:
    """What a file is, and what would do, if it begins as no text does; ``head``: its first bytes, unpacked."""
    if head[:4] in (b'PK\x03\x04', b'PK\x05\x06'):
        found = (re.search(ENTRY + name, head, re.DOTALL) for name, _, _ in ZIPPED)
        return next((kind, cure) for there, (_, kind, cure) in zip(found, ZIPPED, strict=True) if there)
    for offset, mark, kind, cure in KINDS:
        if head.startswith(mark, offset):
            return kind, cure
    if head[:6] in (b'GIF87a', b'GIF89a') and 0 in head[6:13]:  # a text may begin with these letters
        return 'a GIF image', OTHER
    if head[:2] == b'BM' and head[6:10] == bytes(4):
        return 'a BMP image', OTHER
    if head[:4] == b'RIFF' and 0 in head[4:8]:
        return 'an image, a sound or a film (RIFF)', OTHER
    if head[:3] == bytes(3) and head[4:8] == b'ftyp':
        return 'a sound or a film (MP4)', OTHER
    return None


def is_binary(head: bytes) -> bool:
    """Whether a file that nobody has named is to be taken for no text; UTF-16 is, as it has a byte-order mark."""
    if head.startswith(MARKS):
        return False
    return kind_of(head) is not None or 0 in head[:LOOK]


def check_kind(path: object, head: bytes) -> None:
    """Raise ValueError for a file that begins as no text does, whatever its encoding."""
    if not head.startswith(MARKS) and (found := kind_of(head)) is not None:
        kind, cure = found
        raise ValueError(f'{path}: is {kind}, not text; {cure}')


def check_nuls(path: object, head: bytes, encoding: str, fails: int | None = None) -> None:
    """Raise ValueError for a file with NUL bytes as no text has them; ``fails``: the first byte not in the encoding."""
    if head.startswith(MARKS) or not _like_ascii(encoding):
        return
    before = head[:fails]
    nuls, odd = before.count(0), len(head) - len(head.translate(None, ODD))
    if odd >= (1 if nuls and fails is not None else max(MANY, SHARE * len(head))) and (order := wide(head)):
        if fails is None:  # else what it may be is told where it fails
            raise ValueError(f'{path}: looks like {order}, without a byte-order mark: add --encoding {order}')
        return
    if nuls and (fails is not None or nuls >= max(MANY, SHARE * len(before))):
        of = f'{nuls:,} of its first {len(before):,} bytes {"is" if nuls == 1 else "are"} NUL'
        raise ValueError(f'{path}: looks like no text: {of}; {OTHER}')


def _like_ascii(encoding: str) -> bool:
    """Whether a NUL byte is a NUL character."""
    with suppress(UnicodeError, LookupError):
        return 'a\0'.encode(encoding) == b'a\0'
    return False
