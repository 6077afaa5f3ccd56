"""Folders and patterns given as texts."""

import gzip
import os

import pytest
from caches import refused

from fastrnn.data.folders import with_folders


@pytest.fixture
def notes(tmp_path):
    """A folder with texts and other files, created in no particular order."""
    folder = tmp_path / 'my notes'
    files = {'b.md': 'b', 'a/z.txt': 'z', 'a.md': 'a', 'a/b/c.md': 'c', 'Z.md': 'Z', '.hidden': 'h', '.git/x.md': 'x'}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text * 9)
    (folder / 'packed.gz').write_bytes(gzip.compress(b'packed'))
    (folder / 'wide').write_bytes('wide'.encode('utf-16'))
    (folder / 'a' / 'image.md').write_bytes(b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR')
    (folder / 'numbers').write_bytes(b'1\0')
    (folder / 'numbers.gz').write_bytes(gzip.compress(b'1\0'))
    (folder / 'empty').touch()
    os.mkfifo(folder / 'pipe')
    (folder / 'broken').symlink_to('nowhere')
    (folder / 'itself').symlink_to('itself')
    (folder / 'around').symlink_to('.', target_is_directory=True)
    return folder


NAMES = ['Z.md', 'a/b/c.md', 'a/z.txt', 'a.md', 'b.md', 'packed.gz', 'wide']


def test_texts_of_a_folder(notes, tmp_path):
    """Sorted; hidden, binary, empty and special files are skipped and counted. Other names keep their places."""
    other = tmp_path / 'other'
    files, found = with_folders([other, notes, str(notes / 'a')])
    assert files == [other, *(notes / name for name in NAMES), notes / 'a/b/c.md', notes / 'a/z.txt']
    assert list(map(str, found)) == [
        f'{notes}: 7 text files; left out: 2 hidden, 3 binary, 4 empty or special',
        f'{notes / "a"}: 2 text files; left out: 1 binary',
    ]


def test_no_text_in_a_folder(notes, tmp_path):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match=r'empty: 0 text files; name a folder with a text in it$'):
        with_folders([tmp_path / 'empty'])
    with pytest.raises(ValueError, match=r'git: 0 text files; left out: 1 hidden; name a folder with a text in it$'):
        (notes / '.git' / 'x.md').rename(notes / '.git' / '.x')
        with_folders([notes / '.git'])


@pytest.mark.usefixtures('cache')
def test_a_folder_is_refused_with_a_pattern(notes, tmp_path):
    """A pattern that most of its files match, quoted for a shell."""
    words = f"is a folder; name its files, such as '{notes}'/*.md, or add --recursive (train, eval)"
    assert refused(notes) == f'{notes}: {words}'
    (tmp_path / 'x' / 'y').mkdir(parents=True)
    (tmp_path / 'x' / 'y' / 'z.txt').write_text('z')
    assert f'such as {tmp_path}/x/*/*.txt, or' in refused(tmp_path / 'x')
    (tmp_path / 'empty').mkdir()
    assert refused(tmp_path / 'empty') == f'{tmp_path / "empty"}: is a folder without files; name a text file'


@pytest.mark.usefixtures('cache')
def test_patterns_that_the_shell_did_not_expand(notes):
    words = 'is a pattern that matches 3 names, but the shell did not expand it: remove the quotes around it'
    assert refused(notes / '*.md') == f'{notes}/*.md: {words}'
    assert refused(notes / '*.rst') == f'{notes}/*.rst: is a pattern that no file matches; name an existing text file'
    (notes / '*.rst').write_bytes(b'\xff')  # now a file name
    assert 'byte 0xff' in refused(notes / '*.rst')
