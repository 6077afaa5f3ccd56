"""Every test is seeded: NumPy's global generator, and hypothesis."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from kept import begin, run_to
from logs import records, write_run

from fastrnn.cli import main

settings.register_profile(
    'seeded',
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile('seeded')


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(0)


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
