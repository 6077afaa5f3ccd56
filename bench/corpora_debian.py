"""C and English from Debian packages, for the large texts of bench/corpora.py.

apt-get downloads packages and dpkg-deb unpacks them into a temporary folder: nothing is installed or run, and root is
not needed. Versions are those of the machine's Debian: a text is the same only with the same versions.
"""

import random
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from corpora_prose import Unseen, from_html, in_ascii

LINUX = 'linux-source-6.1'
SOURCES = {'kernel', 'mm', 'fs', 'net', 'lib', 'drivers'}  # folders of Linux
PROSE = {  # packages, and their documents in English
    'anarchism': 'usr/share/doc/anarchism/html/*.html',
    'debian-handbook': 'usr/share/doc/debian-handbook/html/en-US/*.html',
    'git-doc': 'usr/share/doc/git-doc/**/*.txt',
    'libreoffice-help-en-us': 'usr/share/libreoffice/help/en-US/text/**/*.html',
    'perl-doc': 'usr/share/perl/*/pod/*.pod',
    'python-django-doc': 'usr/share/doc/python*-django-doc/html/**/*.html',
    'sqlite3-doc': 'usr/share/doc/sqlite3/**/*.html',
}
SIZES = range(1_000, 256_000)  # characters of a document: no document dominates the held-out text
SEED = 0


def unpack(packages: Sequence[str], folder: Path) -> list[str]:
    """Download packages and unpack each into a folder with its name; returns names and versions."""
    for tool in ('apt-get', 'dpkg-deb'):
        if shutil.which(tool) is None:
            raise SystemExit(f'{tool} is not here: this text is made from Debian packages, on Debian or Ubuntu')
    run(['apt-get', 'download', *packages], folder, 'check the network, or run `apt-get update` as root')
    versions = []
    for deb in sorted(folder.glob('*.deb')):
        name, version = run(['dpkg-deb', '--show', str(deb)], folder, 'remove it').split()
        run(['dpkg-deb', '--extract', str(deb), str(folder / name)], folder, 'is there enough space?')
        deb.unlink()
        versions.append(f'{name} {version}')
    return versions


def run(command: list[str], folder: Path, advice: str) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip() or 'no reason given').splitlines()[-1]
        raise SystemExit(f'{" ".join(command[:2])} failed: {reason}: {advice}')
    return result.stdout


# --- texts ----------------------------------------------------------------------------------------------------------


def c_source(folder: Path, size: int) -> bytes:
    """Linux's C files that are ASCII, in a random order, cut to the size."""
    files = linux(folder, is_source)
    random.Random(SEED).shuffle(files)
    text = bytearray()
    for file in files:
        content = file.read_bytes()
        if content.isascii():
            text += content
        if len(text) >= size:
            break
    return bytes(text[:size])


def english(folder: Path, size: int) -> bytes:
    """Linux's documents and those of PROSE in ASCII, in a random order, cut to the size."""
    files = linux(folder, is_document)
    for package, pattern in PROSE.items():
        files += sorted((folder / package).glob(pattern), key=lambda path: path.parts)
    unseen, documents = Unseen(), []
    for file in files:
        text = document(file)
        if text is not None:
            documents.append(unseen.part(text))
    documents = [text for text in documents if len(text) in SIZES]
    random.Random(SEED).shuffle(documents)
    return '\n\n\n'.join(documents).encode('ascii')[:size]


def document(path: Path) -> str | None:
    """A document's text in ASCII; None if it is not English."""
    text = path.read_text(encoding='utf-8', errors='replace')
    return in_ascii(from_html(text) if path.suffix == '.html' else text)


def linux(folder: Path, wanted: Callable[[PurePosixPath], bool]) -> list[Path]:
    """Files of Linux, unpacked, in the order of their paths."""
    archive = next((folder / LINUX / 'usr/src').glob('*.tar.*'))
    out = folder / 'unpacked'
    with tarfile.open(archive) as members:
        out.mkdir()
        for member in members:
            if member.isreg() and wanted(PurePosixPath(*PurePosixPath(member.name).parts[1:])):
                members.extract(member, out, filter='data')
    return sorted((path for path in out.rglob('*') if path.is_file()), key=lambda path: path.parts)


def is_source(path: PurePosixPath) -> bool:
    return path.suffix in {'.c', '.h'} and path.parts[0] in SOURCES


def is_document(path: PurePosixPath) -> bool:
    return path.suffix == '.rst' and path.parts[0] == 'Documentation' and 'translations' not in path.parts


class Text(NamedTuple):
    """A text made from packages."""

    packages: tuple[str, ...]
    make: Callable[[Path, int], bytes]  # (folder of unpacked packages, size) -> text


TEXTS = {'c': Text((LINUX,), c_source), 'english': Text((LINUX, *PROSE), english)}


def build(kind: str, size: int) -> bytes:
    """The text; prints the packages' versions. Raises SystemExit if they hold less than this size."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(', '.join(unpack(TEXTS[kind].packages, folder)))
        text = TEXTS[kind].make(folder, size)
    if len(text) < size:
        raise SystemExit(f'the packages hold only {len(text):,} characters of {kind}: ask for less')
    return text
