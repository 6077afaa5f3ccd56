"""Every test is seeded (NumPy's global generator, and hypothesis), and has a Python's usual dispositions of signals."""

import gc
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from caches import DAY
from dispositions import pytest_runtest_protocol  # noqa: F401
from hypothesis import HealthCheck, settings
from kept import begin, run_to
from logs import records, write_run
from warm import pytest_sessionstart  # noqa: F401
from workers import pytest_cmdline_main, pytest_make_parametrize_id, pytest_xdist_auto_num_workers  # noqa: F401

from fastrnn.cli import main
from fastrnn.data import stored
from fastrnn.data.corpus import open_corpus
from fastrnn.parallel import layouts
from fastrnn.system import limits, private_folder

settings.register_profile(
    'seeded',
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile('seeded')


def pytest_configure():
    """What costs time at each call and proves nothing here; processes that tests start do it as users' do."""
    os.fsync = os.fstat  # no test loses power: 30,000 calls took 30 s. It still refuses what is not a descriptor


def pytest_collection_finish():
    """Thousands of tests are no garbage, which Python would look for in them when a kernel is compiled (0.25 s)."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(0)


@pytest.fixture
def processors(monkeypatch):
    """Say how many there are: ``processors(12)``, or ``processors(12, cores)``. So many threads can be asked for."""

    def call(count, cores=None):
        monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(count, 'a test'))
        monkeypatch.setattr(limits, 'quota', lambda: None)
        monkeypatch.setattr(layouts, 'physical', lambda: cores or count)

    return call


@pytest.fixture
def portable(monkeypatch):
    """Plain compiled code in place of NumPy's BLAS and loops."""
    monkeypatch.setenv('FASTRNN_PORTABLE', '1')


@pytest.fixture
def cli(monkeypatch, capfd):
    """Call the command line in this process: ``cli('train', FILE, ...)`` gives (exit code, stdout, stderr)."""

    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['fastrnn', *map(str, args)])
        with warnings.catch_warnings(), pytest.raises(SystemExit) as end:
            warnings.simplefilter('default')
            main()
        return end.value.code, *capfd.readouterr()

    return call


@pytest.fixture
def logged(tmp_path):
    """Make a run folder with a log."""

    def call(name='run1', entries=None, **others):
        return write_run(tmp_path / name, records() if entries is None else entries, **others)

    return call


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Runs of 30 iterations, by engine."""
    place = tmp_path_factory.mktemp('made')
    for name in ('exact', 'fast'):
        run_to(begin(place / name, name, iterations=30, keep=3))
    return place


@pytest.fixture
def cache_root(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


@pytest.fixture
def add_text(tmp_path, cache_root):
    """Encode a text of so many characters that was last used some days ago; returns its entry's folder."""

    def call(name, size=1000, days=0.0):
        path = tmp_path / name
        path.write_text((f'{name} ' * size)[:size])
        folder = open_corpus(path).entry.folder
        moment = time.time() - days * DAY
        os.utime(folder / 'facts.json', (moment, moment))
        return folder

    return call


@pytest.fixture
def owners(monkeypatch):
    """Files of others, as {path: number of their owner}, whoever runs the tests."""
    return {}


@pytest.fixture
def place(tmp_path, monkeypatch, owners):
    """A folder that others can enter, as pytest's own can't be, of a group that is not the user's own."""
    grp, lstat = pytest.importorskip('grp'), os.lstat  # Windows has no owners

    def pretended(path, **options):
        fields, path = list(lstat(path, **options))[:10], Path(path)
        if path == tmp_path or path in tmp_path.parents:
            fields[0] |= 0o055
        fields[4] = owners.get(path, fields[4])
        return os.stat_result(fields)

    monkeypatch.setattr(os, 'lstat', pretended)
    monkeypatch.setattr(grp, 'getgrgid', {}.__getitem__)  # the tests' user may have a group of its own
    tmp_path.chmod(0o755)
    private_folder.alone.cache_clear()
    yield tmp_path
    private_folder.alone.cache_clear()


@pytest.fixture
def stored_cache(tmp_path, monkeypatch):
    """A cache of the test's own, from which nothing is held in memory."""
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    return tmp_path / 'cache' / 'corpora'
