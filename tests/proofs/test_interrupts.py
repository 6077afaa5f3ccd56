"""An interrupted run that goes on is the run that was left alone: by real SIGINTs, in scripts and in a notebook."""

import signal
import threading

import numpy as np
import pytest
from helpers import ROOT, SONNETS, SUPPORT, run_python
from kept import begin, contents, options_of, run_to

import fastrnn
from fastrnn.system.interrupts import held, remembered

WAYS = ('session', 'memory', 'thread', 'two', 'texts', 'calls')
LONG = pytest.mark.long


@pytest.mark.parametrize(
    ('name', 'threads', 'way', 'least'),
    [
        ('exact', 2, 'session', 12),
        ('fast', 2, 'memory', 12),
        *(pytest.param(name, 1, 'session', 200, marks=LONG) for name in ('exact', 'fast', 'reference')),
        *(pytest.param(name, 2, way, 50, marks=LONG) for name in ('exact', 'fast') for way in WAYS),
        *(pytest.param('reference', 1, way, 50, marks=LONG) for way in WAYS[1:4]),
    ],
)
def test_random_interrupts(tmp_path, name, threads, way, least):
    """See interrupts.py."""
    result = run_python(SUPPORT / 'interrupts.py', tmp_path, name, threads, way, least)
    assert result.returncode == 0, result.stderr.decode()
    assert int(result.stdout.split()[0]) >= least


@pytest.mark.long
def test_a_notebook_kernel(tmp_path):
    """Its own way to interrupt a cell, some 200 times; the cell is run again each time."""
    client = pytest.importorskip('jupyter_client.manager')
    options = options_of('exact', iterations=300_000, print_every=500, hidden_size=48, validate_every=4000)
    options |= {'save_every': 3000, 'sample_every': 2000}
    run_to(begin(tmp_path / 'whole', **options))
    manager, kernel = client.start_new_kernel(cwd=str(ROOT))
    try:
        start = f'fastrnn.start({str(tmp_path / "run")!r}, {str(SONNETS)!r}, validation=0.2, **{options!r})'
        assert kernel.execute_interactive(f'import fastrnn\nrun = {start}')['content']['status'] == 'ok'
        rng, interrupts, status = np.random.RandomState(0), 0, None
        while status != 'ok':
            timer = threading.Timer(rng.uniform(0.002, 0.05), manager.interrupt_kernel)
            if interrupts < 200:  # then it may come to its end
                timer.start()
            status = kernel.execute_interactive('for record in run: pass', silent=True)['content']['status']
            timer.cancel()
            if timer.ident is not None:
                timer.join()
            interrupts += status != 'ok'
        kernel.execute_interactive('run.close()')
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)
    assert interrupts >= 200
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_held_signals_come_afterwards(monkeypatch):
    came, before = [], signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), held():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        came.append('held')
    assert came == ['held'] and signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt) as caught, held():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError
    assert isinstance(caught.value.__context__, ZeroDivisionError)
    monkeypatch.setattr(signal, 'getsignal', lambda number: came.append)  # of another thread: not even asked
    thread = threading.Thread(target=lambda: held().__enter__())
    thread.start()
    thread.join()
    assert came == ['held']


def test_every_held_signal_is_delivered():
    """One handler that raises keeps no other from its signal."""
    came = []
    handlers = {signal.SIGUSR1: lambda *_: came.append(1 / 0), signal.SIGUSR2: lambda *_: came.append('second')}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        with pytest.raises(ZeroDivisionError), held(), held():  # nested, as a save in a step
            signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR2)
        assert came == ['second']
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_swallowed_interrupt_is_raised_again():
    """As callbacks of the compiler do; one that is not swallowed is raised once, at once."""
    reached = []
    with pytest.raises(KeyboardInterrupt), remembered():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            reached.append('swallowed')
    with pytest.raises(KeyboardInterrupt), remembered():
        signal.raise_signal(signal.SIGINT)
        reached.append('not reached')
    assert reached == ['swallowed']


@pytest.mark.parametrize('name', ['exact', 'fast', 'reference'])
def test_an_error_inside_an_iteration(tmp_path, monkeypatch, name):
    """The session refuses to go on and names resume; what was saved before is still there."""
    session = run_to_iteration(begin(tmp_path / 'run', name), 30)
    train = session.run.engine.run

    def half(iterations, rates=None):
        train(iterations, rates)
        raise MemoryError

    monkeypatch.setattr(session.run.engine, 'run', half)
    with pytest.raises(MemoryError):
        list(session)
    go_on = rf"go on with fastrnn\.resume\('.*run'\)$"  # noqa: F541
    with pytest.raises(ValueError, match=r'^it was ended by an error \(MemoryError\): ' + go_on):
        list(session)
    for use in (lambda: session.model, session.run.state, lambda: session.save(tmp_path / 'model')):
        with pytest.raises(ValueError, match='they are not whole'):
            use()
    session.close()
    assert not (tmp_path / 'model').exists()
    run_to(begin(tmp_path / 'whole', name))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_an_error_in_memory(monkeypatch):
    run = fastrnn.train(SONNETS, seed=0, hidden_size=8, iterations=300)
    next(run)
    monkeypatch.setattr(run.engine, 'run', lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        next(run)
    with pytest.raises(ValueError, match=r'^it was ended by an error \(division by zero\): start again; runs that are'):
        next(run)


def run_to_iteration(session, iteration):
    for _ in session:
        if session.run.iteration >= iteration:
            return session
    return session
