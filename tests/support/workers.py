"""Tests on all processors: how many workers run them, and when. Hooks of pytest, which ``tests/conftest.py`` imports.

``pytest`` and ``pytest FOLDER`` start workers by themselves. ``pytest FILE``, one test, a debugger, ``-s``, benchmarks
and long proofs stay in one process, unless ``-n`` says otherwise.
"""

import os
from pathlib import Path

import pytest

from fastrnn.system import limits

MOST = 4  # workers: each needs memory, and starts threads and processes of its own
WHOLE = ('usepdb', 'trace', 'collectonly', 'benchmark_only', 'benchmark_enable', 'setuponly', 'setupplan', 'stepwise')


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, which may be missing
def pytest_xdist_auto_num_workers(config):
    """One for each processor that this process may use; for ``-n auto``, too."""
    named = os.environ.get('PYTEST_XDIST_AUTO_NUM_WORKERS', '')
    return int(named) if named.isdecimal() else min(limits.processors().number, MOST)


def in_one_process(config):
    """Whether no workers are wanted, or the user has already said how many."""
    option = config.option
    if hasattr(config, 'workerinput') or getattr(option, 'numprocesses', 0) is not None:
        return True  # a worker, no pytest-xdist, or -n
    if option.dist != 'no' or option.tx or option.capture == 'no' or option.markexpr != 'not long':
        return True
    if any(getattr(option, name, False) for name in WHOLE):
        return True
    return not any(Path(config.invocation_params.dir, name).is_dir() for name in config.args)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads its options
def pytest_cmdline_main(config):
    count = 1 if in_one_process(config) else pytest_xdist_auto_num_workers(config)
    if count > 1:  # worksteal: halves in order, so that few fixtures are made twice, then whoever is idle takes some
        config.option.numprocesses, config.option.dist = count, 'worksteal'


def pytest_make_parametrize_id(val, argname):
    """Workers must name tests alike, and gzip files, for one, hold the time when they were made."""
    return argname if isinstance(val, bytes) and not val.isascii() else None
