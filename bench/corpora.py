"""Texts of other kinds and sizes than Shakespeare's, to measure presets on.

    python bench/corpora.py FOLDER                        FOLDER/source.txt: the Python source of sympy, 16 MB
    python bench/corpora.py FOLDER --repeat 100MB TEXT    FOLDER/TEXT-100MB.txt: the text again and again, to this size

pip downloads the wheel, whose modules, but for tests and benchmarks, are joined in the order of their names; no code
of it is run. The version is pinned and the text is checked by its SHA-256, so that it is the same everywhere.
"""

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

REQUIREMENT = 'sympy==1.14.0'
LEFT_OUT = {'tests', 'benchmarks'}  # folders
SHA256 = 'cec121ce2b24058d5ac766040f2c3a740e399f665cce1ea4a4715bb06468d0a1'
UNITS = {'kB': 10**3, 'MB': 10**6, 'GB': 10**9}


def download() -> bytes:
    """The wheel."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:']
        pip = subprocess.run([*command, '--dest', folder, REQUIREMENT], capture_output=True, text=True, check=False)
        if pip.returncode:
            raise SystemExit(f'pip could not download {REQUIREMENT}: {pip.stderr.strip()}')
        return next(Path(folder).glob('*.whl')).read_bytes()


def joined(wheel: bytes) -> bytes:
    """The modules of a wheel in the order of their names."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = sorted(name for name in archive.namelist() if is_source(PurePosixPath(name)))
        return b'\n'.join(archive.read(name) for name in names)


def is_source(path: PurePosixPath) -> bool:
    return path.suffix == '.py' and not LEFT_OUT & set(path.parts)


def verify(text: bytes) -> None:
    found = hashlib.sha256(text).hexdigest()
    if found != SHA256:
        raise SystemExit(f'the text of {REQUIREMENT} has the SHA-256 {found}, not {SHA256}: check where pip loads from')


def size_of(words: str) -> int:
    """Bytes, of such words as 100MB."""
    match = re.fullmatch(r'(\d+)(kB|MB|GB)', words)
    if match is None:
        raise SystemExit(f'{words!r} is no size: say it as 500kB, 100MB or 2GB')
    return int(match[1]) * UNITS[match[2]]


def repeat(text: bytes, size: int, out: Path) -> None:
    """Write the text so often that it has about this size, and only whole: its characters may be of several bytes."""
    with out.open('wb') as file:
        for _ in range(max(1, round(size / len(text)))):
            file.write(text)


def main() -> None:
    parser = argparse.ArgumentParser(description='Build a text for measurements.')
    parser.add_argument('folder', type=Path)
    parser.add_argument('--repeat', nargs=2, metavar=('SIZE', 'TEXT'))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.repeat:
        size, source = size_of(given.repeat[0]), Path(given.repeat[1])
        out = given.folder / f'{source.stem}-{given.repeat[0]}.txt'
        repeat(source.read_bytes(), size, out)
    else:
        out = given.folder / 'source.txt'
        text = joined(download())
        verify(text)
        out.write_bytes(text)
    print(f'{out}: {out.stat().st_size:,} bytes')


if __name__ == '__main__':
    main()
