"""How bench/corpora.py makes texts, of small wheels and packages."""

import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile

import corpora
import corpora_debian
import pytest
from corpora_prose import Unseen, from_html, in_ascii
from helpers import SONNETS


def wheel(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_modules_are_joined_in_order():
    members = {'b/z.py': 'z = 1\n', 'a.py': 'é = 2\n', 'b/tests/t.py': 'no', 'b/benchmarks/t.py': 'no', 'a.txt': 'no'}
    text = corpora.joined([wheel(**members), wheel(**{'a.py': 'a = 3\n'})])
    assert text.decode() == 'é = 2\n\nz = 1\n\na = 3\n'
    expected = corpora.Source('text.txt', (), hashlib.sha256(text).hexdigest())
    corpora.verify(text, expected)
    with pytest.raises(SystemExit, match=r'text\.txt has the SHA-256'):
        corpora.verify(text[1:], expected)


@pytest.mark.parametrize(('options', 'source'), [([], 'SYMPY'), (['--large'], 'LARGE')])
def test_the_text_of_pinned_wheels_is_written(options, source, tmp_path, monkeypatch):
    wanted = getattr(corpora, source)._replace(sha256=hashlib.sha256(b'a').hexdigest())
    wheels = {wanted.requirements: [wheel(**{'a.py': 'a'})]}
    monkeypatch.setattr(corpora, source, wanted)
    monkeypatch.setattr(corpora, 'download', wheels.get)
    monkeypatch.setattr('sys.argv', ['corpora', str(tmp_path), *options])
    corpora.main()
    assert (tmp_path / wanted.name).read_bytes() == b'a'


def test_a_text_is_repeated(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['corpora', str(tmp_path), '--repeat', '5kB', str(SONNETS)])
    corpora.main()
    text = SONNETS.read_bytes()
    assert (tmp_path / 'sonnets-5kB.txt').read_bytes() == text * 4
    assert f'{4 * len(text):,} bytes' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='is no size'):
        corpora.size_of('5')


# --- Debian's packages ----------------------------------------------------------------------------------------------


@pytest.fixture
def packages(monkeypatch):
    """Of Linux, and a manual; packed by nobody, and so unpacked by nobody."""
    linux = {
        'kernel/a.c': 'int a;\n',
        'kernel/b.c': 'int \u00e9;\n',
        'mm/c.h': 'int c;\n',
        'arch/d.c': 'int d;\n',
        'Documentation/e.rst': 'The scheduler\n',
        'Documentation/translations/f.rst': 'Le scheduler\n',
    }

    def unpack(names, folder):
        source, manual = folder / corpora_debian.LINUX / 'usr/src', folder / 'manual/doc'
        source.mkdir(parents=True)
        manual.mkdir(parents=True)
        with tarfile.open(source / 'linux-source-6.1.tar.xz', 'w:xz') as archive:
            for name, content in linux.items():
                member = tarfile.TarInfo(f'linux-source-6.1/{name}')
                member.size = len(content.encode())
                archive.addfile(member, io.BytesIO(content.encode()))
        (manual / 'g.html').write_text('<p>A <b>manual</b>', encoding='utf-8')
        return [f'{name} 1.0' for name in names]

    monkeypatch.setattr(corpora_debian, 'unpack', unpack)
    monkeypatch.setattr(corpora_debian, 'PROSE', {'manual': 'doc/*.html'})
    monkeypatch.setattr(corpora_debian, 'SIZES', range(100))


def test_c_is_of_ascii_files_of_some_folders(packages, capsys):
    text = corpora_debian.build('c', 14)
    assert sorted(text.decode().splitlines()) == ['int a;', 'int c;']
    assert 'linux-source-6.1 1.0' in capsys.readouterr().out
    assert corpora_debian.build('c', 9) == text[:9]
    with pytest.raises(SystemExit, match='the packages hold only 14 characters of c: ask for less'):
        corpora_debian.build('c', 15)


def test_english_is_of_all_packages(packages):
    paragraphs = corpora_debian.build('english', 24).decode().split('\n\n\n')
    assert sorted(paragraphs) == ['A manual', 'The scheduler']


def test_a_text_of_debian_is_named_and_described(packages, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['corpora', str(tmp_path), '--english', '1kB'])
    monkeypatch.setattr(corpora, 'build', lambda kind, size: b'ab' * (size // 2))
    corpora.main()
    digest = hashlib.sha256(b'ab' * 500).hexdigest()
    assert f'english-1kB.txt: 1,000 bytes, 2 distinct, SHA-256 {digest}\n' in capsys.readouterr().out


def test_without_debian_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'which', lambda tool: None)
    with pytest.raises(SystemExit, match=r'^apt-get is not here: this text is made from Debian packages'):
        corpora_debian.unpack(['anarchism'], tmp_path)


def test_a_package_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    def run(command, **options):
        return subprocess.CompletedProcess(command, 100, '', 'W: old lists\nE: Unable to locate package no-doc\n')

    monkeypatch.setattr(shutil, 'which', lambda tool: tool)
    monkeypatch.setattr(subprocess, 'run', run)
    with pytest.raises(SystemExit, match=r'^apt-get download failed: E: Unable to locate package no-doc: check the'):
        corpora_debian.unpack(['no-doc'], tmp_path)


def test_html_is_its_prose():
    markup = """<head><title>Title</title></head><body><ul><li><a href="b.html">Next page</a></li></ul>
        <h1><a name="top">Heading</a></h1><p>One &amp; <code>two</code>
        lines, see <a href="c.html">there</a>.</p><table><tr><td>3</td></tr></table><script>x = 1</script>
        <pre>\nint a;\n  int b;\n</pre>"""
    assert from_html(markup) == 'Heading\n\nOne & two lines, see there.\n\nint a;\n  int b;'


def test_text_is_folded_to_ascii():
    lines = ['\u201cna\u00efve\u201d \u2013 it\u2019s\u00a0here\r', 'plain ' * 60, '\u041e', 'end']
    assert in_ascii('\n'.join(lines)) == '\n'.join(['"naive" - it\'s here', ('plain ' * 60).rstrip(), 'end'])
    assert in_ascii('\u0434\u0430 or yes') is None


def test_a_paragraph_comes_once():
    unseen, notice = Unseen(), 'Permission is granted to copy this document.'
    assert unseen.part(f'\nName\n\n{notice}\n') == f'Name\n\n{notice}'
    assert unseen.part(f'Name\n\n{notice.replace(" to", chr(10) + "to")}\n \nMore\n') == 'Name\n\nMore'


def test_excerpts_come_from_behind_the_text():
    text, larger = b'abc' * 100, b'abc' * 120 + b'aabbcc' * 50 + b'xyz' * 50
    found = corpora.excerpts(text, larger, count=5, size=6)
    assert len(found) == 30 and set(found) <= set(b'abc') and b'abca' not in found
