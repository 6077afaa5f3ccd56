"""Runs whose encoded text is lost: no crash, a one-line error, and the state is saved."""

import errno
import os
import shutil

import pytest
from caches import ids_file
from helpers import SONNETS
from kept import begin, contents, iterations, one_by_one, run_to

import fastrnn
from fastrnn.data import passes, stored, windows
from fastrnn.data.windows import Windows
from fastrnn.errors import TextLost
from fastrnn.runs import session


def cut(path):
    os.truncate(path, 100)


def empty(path):
    os.truncate(path, 0)


def scribble(path):
    """Write an id outside the vocabulary into the file."""
    with open(path, 'r+b') as file:
        file.seek(path.stat().st_size // 2)
        file.write(b'\xff')
    os.utime(path, (0, 0))  # else the time of change could be the same


def another_text(path):
    """Overwrite the file with another text of the same length."""
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, (0, 0))


WHOLE = {}


def whole(tmp_path, name):
    """The undisturbed run, from memory."""
    if name not in WHOLE:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, 'IN_MEMORY', 1 << 26)
            run_to(begin(tmp_path / 'whole', name, iterations=140))
        WHOLE[name] = contents(tmp_path / 'whole')
    return WHOLE[name]


CASES = [(cut, name, at) for name in ('exact', 'fast') for at in (27, 28, 32)]
CASES += [(damage, *case) for damage in (empty, scribble, another_text) for case in (('exact', 27), ('fast', 28))]


@pytest.mark.parametrize(('damage', 'name', 'at'), CASES)  # 28: before a sample; 32: before a validation
def test_the_file_is_truncated_or_changed(tmp_path, stored_cache, monkeypatch, damage, name, at):
    """One line, and the state is saved; once resumed, the run equals an undisturbed one."""
    expected = whole(tmp_path, name)
    one_by_one(monkeypatch)
    for module in (windows, passes):
        monkeypatch.setattr(module, 'AHEAD', 1 if at < 32 else 1 << 22)  # the training text is in memory
    session = begin(tmp_path / 'run', name, iterations=140)
    with pytest.raises(TextLost) as error, session:
        for record in session:
            if record.iteration + 1 == at:
                damage(ids_file(stored_cache))
    words = 'the encoded text is lost (another program truncated or changed it); the next run encodes it again'
    assert str(error.value) == f'{ids_file(stored_cache)}: {words}'
    assert iterations(tmp_path / 'run')[-1] == (at if at < 32 else 30)
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == expected


def test_the_file_is_truncated_before_the_last_sample(tmp_path, stored_cache, monkeypatch):
    """With the batched engine: the last record is then still due."""
    one_by_one(monkeypatch)
    options = {'validation': None, 'print_every': 7, 'iterations': 141}  # the training text is in memory
    run_to(begin(tmp_path / 'whole', 'fast', **options))
    session = begin(tmp_path / 'run', 'fast', **options)
    with pytest.raises(TextLost), session:
        for record in session:
            if record.iteration + 1 == 140:
                cut(ids_file(stored_cache))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_the_file_is_truncated_after_a_bad_validation(tmp_path, stored_cache, monkeypatch):
    """The validation may still be the best so far."""
    run_to(begin(tmp_path / 'whole', iterations=33))
    check = session.check_divergence

    def cut_first(run, record):
        if record.iteration + 1 == 33:
            cut(ids_file(stored_cache))
            run.text.corpus.ids[:9]
        check(run, record)

    with monkeypatch.context() as patch, pytest.raises(TextLost):
        patch.setattr(session, 'check_divergence', cut_first)
        run_to(begin(tmp_path / 'run', iterations=33))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


@pytest.mark.parametrize('code', [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize('failing', [(stored.Opened, 'read_at'), (Windows, '_read')])
def test_a_disk_or_a_network_that_fails(tmp_path, stored_cache, monkeypatch, code, failing):
    """In a block that starts with a sample: reading comes first, so the generator does not advance."""
    expected = whole(tmp_path, 'exact')
    one_by_one(monkeypatch)
    monkeypatch.setattr(windows, 'AHEAD', 1)
    monkeypatch.setattr(passes, 'AHEAD', 1)

    def fail(*_):
        raise (OSError if failing[0] is stored.Opened else TextLost)(code, os.strerror(code))

    session = begin(tmp_path / 'run', iterations=140)
    with monkeypatch.context() as patch, pytest.raises(TextLost, match=os.strerror(code)), session:
        for record in session:
            if record.iteration == 27:
                patch.setattr(*failing, fail)
    assert iterations(tmp_path / 'run')[-1] == 28
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == expected


def replace(path):
    other = path.with_name('other')
    other.write_bytes(b'')
    os.replace(other, path)


@pytest.mark.parametrize('change', [lambda path: shutil.rmtree(path.parent), os.unlink, os.utime, replace])
def test_a_run_is_not_affected(tmp_path, stored_cache, monkeypatch, change):
    """By a removed or replaced entry, or by one with only new times."""
    expected = whole(tmp_path, 'exact')
    one_by_one(monkeypatch)
    monkeypatch.setattr(windows, 'AHEAD', 1)
    monkeypatch.setattr(passes, 'AHEAD', 1)
    with begin(tmp_path / 'run', iterations=140) as session:
        for record in session:
            if record.iteration == 27:
                change(ids_file(stored_cache))
    assert contents(tmp_path / 'run') == expected


def test_a_run_without_a_folder_saves_its_model(tmp_path, stored_cache, cli, monkeypatch):
    """It ends with a one-line error."""
    monkeypatch.setattr(windows, 'AHEAD', 1)
    monkeypatch.setattr(passes, 'AHEAD', 1)
    run = Windows._read
    calls = []

    def read(self, *args):
        calls.append(args)
        if len(calls) == 3:
            cut(ids_file(stored_cache))
        run(self, *args)

    monkeypatch.setattr(Windows, '_read', read)
    saved = tmp_path / 'model'
    code, _, err = cli('train', SONNETS, '--hidden-size', 4, '--seed', 0, '--iterations', 500_000, '--save', saved)
    assert fastrnn.load_model(saved).params.H == 4
    assert code == 1 and err.startswith(f'error: {ids_file(stored_cache)}: the encoded text is lost (')
    assert err.count('\n') == 1
