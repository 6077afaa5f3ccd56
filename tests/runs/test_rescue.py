"""Models without --save or --out: in the cache folder, and only the newest few."""

import re

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.runs import rescue
from fastrnn.system.cache_folder import items, shrink


@pytest.fixture(scope='module')
def run():
    with fastrnn.train(SONNETS, hidden_size=4, seed=0, iterations=3) as run:
        list(run)
        yield run


def test_the_newest_are_kept(run, cache_root, monkeypatch):
    """Names are unique, also for runs that end in the same second; other files stay."""
    monkeypatch.setattr(rescue.time, 'strftime', lambda form: '20260101-000000')
    (cache_root / 'rescued').mkdir(parents=True, mode=0o700)
    foreign = cache_root / 'rescued' / 'mine.safetensors'
    foreign.write_text('mine')
    files = [rescue.rescue_model(run) for _ in range(rescue.KEPT + 2)]
    assert len(set(files)) == len(files) and files[-1].exists()
    assert len([item for item in items(cache_root) if item.kind == 'model']) == rescue.KEPT
    assert foreign.exists() and len(list(foreign.parent.iterdir())) == rescue.KEPT + 1
    assert fastrnn.load_model(files[-1]).params.H == 4
    assert shrink(cache_root, 0) == [] and len(shrink(cache_root, 0, everything=True)) == rescue.KEPT


def test_remains_of_a_kill_are_cleared(cache_root, run):
    file = rescue.rescue_model(run)
    left = file.with_name(f'.{file.name}.{"0f" * 8}')
    left.write_text('half')
    assert {item.kind for item in items(cache_root)} == {'model', 'unfinished'}
    shrink(cache_root, 0, everything=True)
    assert list(file.parent.iterdir()) == []


def test_a_cache_that_cannot_be_written(run, tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'file'))
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    file = rescue.rescue_model(run)
    assert re.fullmatch(r'fastrnn-rescue-\w+', file.parent.name) and fastrnn.load_model(file).params.H == 4


def test_no_room_anywhere(run, cache_root, tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('fastrnn.training.run.save_model', full)
    with pytest.raises(OSError, match='No space'):
        rescue.rescue_model(run)
    assert not list(tmp_path.glob('fastrnn-rescue-*'))
