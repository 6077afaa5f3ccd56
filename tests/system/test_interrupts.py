"""Signals are delayed, but never lost."""

import signal
import threading

import pytest

from fastrnn.system.interrupts import held, remembered


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
    monkeypatch.setattr(signal, 'getsignal', lambda number: came.append)  # in another thread it is not called
    thread = threading.Thread(target=lambda: held().__enter__())
    thread.start()
    thread.join()
    assert came == ['held']


def test_every_held_signal_is_delivered():
    """If one handler raises an exception, the others still run."""
    came = []
    handlers = {signal.SIGUSR1: lambda *_: came.append(1 / 0), signal.SIGUSR2: lambda *_: came.append('second')}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        with pytest.raises(ZeroDivisionError), held(), held():  # nested, like saving during a step
            signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR2)
        assert came == ['second']
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_swallowed_interrupt_is_raised_again():
    """The compiler's callbacks swallow exceptions. An exception that is not swallowed is raised only once."""
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
