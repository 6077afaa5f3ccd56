"""An interrupted run that goes on is the run that was left alone: by real SIGINTs, in scripts and in a notebook."""

import threading

import numpy as np
import pytest
from helpers import ROOT, SONNETS, SUPPORT, run_python
from kept import begin, contents, options_of, run_to

WAYS = ('session', 'memory', 'thread', 'two', 'texts', 'calls')
LONG = pytest.mark.long


@pytest.mark.parametrize(
    ('name', 'threads', 'way', 'least'),
    [
        ('exact', 2, 'session', 12),
        *(pytest.param(name, 1, 'session', 200, marks=LONG) for name in ('exact', 'fast', 'reference')),
        *(pytest.param(name, 2, way, 50, marks=LONG) for name in ('exact', 'fast') for way in WAYS),
        *(pytest.param('reference', 1, way, 50, marks=LONG) for way in WAYS[1:4]),
        *(pytest.param('lstm', 2, way, 30, marks=LONG) for way in ('session', 'texts', 'calls')),
    ],
)
def test_random_interrupts(tmp_path, name, threads, way, least):
    """See interrupts.py."""
    result = run_python(SUPPORT / 'interrupts.py', tmp_path, name, threads, way, least)
    assert result.returncode == 0, result.stderr.decode()
    assert int(result.stdout.split()[0]) >= least


def send_interrupts(manager, over, seconds):
    """One after so many seconds; and again, as one that comes before the cell has begun is lost."""
    while not over.wait(seconds):
        manager.interrupt_kernel()
        seconds = 3.0


@pytest.mark.long
def test_a_notebook_kernel(tmp_path):
    """Its own way to interrupt a cell, some 200 times; the cell is run again each time."""
    client = pytest.importorskip('jupyter_client.manager')
    options = options_of('exact', iterations=900_000, print_every=500, hidden_size=48, validate_every=4000)
    options |= {'save_every': 3000, 'sample_every': 2000}
    run_to(begin(tmp_path / 'whole', **options))
    manager, kernel = client.start_new_kernel(cwd=str(ROOT))
    try:
        start = f'fastrnn.start({str(tmp_path / "run")!r}, {str(SONNETS)!r}, validation=0.2, **{options!r})'
        assert kernel.execute_interactive(f'import fastrnn\nrun = {start}')['content']['status'] == 'ok'
        rng, interrupts, status = np.random.RandomState(0), 0, None
        while status != 'ok':
            over = threading.Event()
            sender = threading.Thread(target=send_interrupts, args=(manager, over, rng.uniform(0.002, 0.05)))
            if interrupts < 200:  # then it may come to its end
                sender.start()
            status = kernel.execute_interactive('for record in run: pass', silent=True)['content']['status']
            over.set()
            if sender.ident is not None:
                sender.join()
            interrupts += status != 'ok'
        kernel.execute_interactive('run.close()')
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    assert interrupts >= 200
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')
