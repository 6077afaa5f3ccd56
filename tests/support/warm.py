"""Compiled kernels for all tests, made once, early and on all processors.

Workers share one cache folder. Before the first test each of them takes the next kind of kernels that none has
taken, so that no two compile the same; one folder or file of tests compiles what it needs. Processes that a test
starts find the kernels there.
"""

import os

import pytest


def one_of_many(cell, dtype):
    """A run of many streams, and what reads and draws with its weights."""
    import fastrnn
    from fastrnn.engines import compile_kernels
    from fastrnn.kernels import jit

    sizes = {'hidden_size': 4, 'seq_length': 3, 'streams': 2, 'iterations': 1}
    list(fastrnn.train('to and fro, ' * 9, engine='batched', cell=cell, dtype=dtype, seed=0, **sizes))
    compile_kernels.compile_for(cell, dtype)
    if jit.CACHE_FOLDER is not None:  # no run starts a process that would find all of them there
        (jit.CACHE_FOLDER / f'ahead-{cell}-{dtype}').touch()


def the_gists():
    """The exact engine, its model's texts, and the functions that a script binds."""
    import numpy as np

    import fastrnn

    model = fastrnn.train('to and fro, ' * 9, hidden_size=4, seq_length=3, iterations=1, seed=0).watch()
    ''.join(fastrnn.sample(model, 2, seed=0, prime='to'))
    bound = fastrnn.bind(*(np.zeros(shape) for shape in ((4, 3), (4, 4), (3, 4), (4, 1), (3, 1))))
    bound.lossFun([0, 1], [1, 2], np.zeros((4, 1)))


# the longest first; what a few tests alone need (`--init scaled`, 16-bit ids) is compiled by them
KINDS = [
    lambda: one_of_many('lstm', 'float64'),
    lambda: one_of_many('gru', 'float32'),
    the_gists,
    lambda: one_of_many('lstm', 'float32'),
    lambda: one_of_many('rnn', 'float64'),
    lambda: one_of_many('gru', 'float64'),
    lambda: one_of_many('rnn', 'float32'),
]


def compile_shares(claims):
    """Compile what no other worker has taken; claims are files in a folder that all workers of a run see."""
    from fastrnn.kernels import jit

    shared, jit.SHARED = jit.SHARED, False  # no further process is to compile ahead: all processors are busy
    try:
        for number, kind in enumerate(KINDS):
            if taken(claims / f'kernels-{number}'):
                kind()
    finally:
        jit.SHARED = shared


def taken(path):
    """Whether this process is the first to ask."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    """In each worker of a run of all tests; workers wait for each other before the first test."""
    config = session.config
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if hasattr(config, 'workerinput') and whole and not config.option.keyword and config.option.markexpr == 'not long':
        compile_shares(config._tmp_path_factory.getbasetemp().parent)
