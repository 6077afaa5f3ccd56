"""An interrupted run that goes on is the run that was left alone: by real SIGINTs, in scripts and in a notebook."""

import threading

import numpy as np
import pytest
from helpers import ROOT, SONNETS, SUPPORT, run_python
from kept import begin, contents, options_of, run_to

# of each engine: ways, threads, and at least so many interrupts
EACH = [f'{way},2,50' for way in ('session', 'memory', 'thread', 'two', 'texts', 'calls')]
WAYS = {
    'exact': ['session,1,200', *EACH],
    'fast': ['session,1,200', *EACH],
    'reference': ['session,1,200', 'memory,1,50', 'thread,1,50', 'two,1,50'],
    'lstm': ['session,2,30', 'texts,2,30', 'calls,2,30'],
}


@pytest.mark.long
@pytest.mark.parametrize(('name', 'ways'), WAYS.items(), ids=WAYS)
def test_random_interrupts(tmp_path, name, ways):
    """See interrupts.py."""
    result = run_python(SUPPORT / 'interrupts.py', tmp_path, name, *ways, timeout=600)
    assert result.returncode == 0, result.stderr.decode()
    told = [line.split() for line in result.stdout.decode().splitlines()]
    assert [way for way, *_ in told] == [way.split(',')[0] for way in ways]
    assert all(int(caught) >= int(way.split(',')[2]) for way, (_, caught, *_) in zip(ways, told, strict=True))


CELL = """
running.touch()
for record in run: pass
running.unlink()
"""


def send_interrupt(manager, running, over, seconds):
    """One after so many seconds of the loop: before and after it, it would meet the kernel's own code, which answers no
    more."""
    while not running.exists():
        if over.wait(0.001):
            return
    if not over.wait(seconds) and running.exists():
        manager.interrupt_kernel()


@pytest.mark.long
def test_a_notebook_kernel(tmp_path):
    """Its own way to interrupt a cell, 100 times; the cell is run again each time."""
    client = pytest.importorskip('jupyter_client.manager')
    options = options_of('exact', iterations=200_000, print_every=500, hidden_size=48, validate_every=4000)
    options |= {'save_every': 3000, 'sample_every': 2000}
    run_to(begin(tmp_path / 'whole', **options))
    manager, kernel = client.start_new_kernel(cwd=str(ROOT))
    running, rng, interrupts, status = tmp_path / 'running', np.random.RandomState(0), 0, None

    def execute(code):
        return kernel.execute_interactive(code, silent=True, timeout=300)['content']['status']

    try:
        start = f'fastrnn.start({str(tmp_path / "run")!r}, {str(SONNETS)!r}, validation=0.2, **{options!r})'
        paths = f'import pathlib\nrunning = pathlib.Path({str(running)!r})'
        assert execute(f'import fastrnn\n{paths}\nrun = {start}') == 'ok'
        while status != 'ok':
            over = threading.Event()
            args = (manager, running, over, rng.uniform(0.0, 0.02))
            sender = threading.Thread(target=send_interrupt, args=args)
            if interrupts < 100:  # then it may come to its end
                sender.start()
            status = execute(CELL)
            over.set()
            if sender.ident is not None:
                sender.join()
            running.unlink(missing_ok=True)
            interrupts += status != 'ok'
        assert execute('run.close()') == 'ok'
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    assert interrupts >= 100
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')
