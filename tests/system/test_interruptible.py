"""The states of iterators that stay consistent."""

import signal
import warnings

import pytest

from fastrnn.system.interruptible import Interruptible, InterruptibleGenerator, Status


class Counter(Interruptible[int]):
    """Returns 1, 2, 3, with steps without a result in between; step number ``fails`` raises an error."""

    what = 'the counter'

    def __init__(self, fails=None, interrupted=None, error=OSError):
        super().__init__()
        self.n, self.fails, self.interrupted, self.error = 0, fails, interrupted, error

    def step(self):
        self.n += 1
        if self.n == self.fails:
            raise self.error('no room')
        if self.n == self.interrupted:
            signal.raise_signal(signal.SIGINT)
        if self.n == 5:
            self.notes.append('nearly there')
        if self.n > 6:
            raise StopIteration
        return self.n // 2 if self.n % 2 == 0 else None

    def advice(self):
        return 'take another one'


def test_ready():
    """Steps without a result are skipped; at the end it stays ready."""
    counter = Counter()
    with pytest.warns(RuntimeWarning, match='^nearly there$') as caught:
        assert list(counter) == [1, 2, 3]
    assert caught[0].filename == __file__ and counter.status is Status.READY and list(counter) == []


def test_holding():
    """If a signal came during a step, its result is returned later."""
    counter = Counter(interrupted=4)
    assert next(counter) == 1
    with pytest.raises(KeyboardInterrupt):
        next(counter)
    assert counter.status is Status.HOLDING and counter.n == 4
    assert next(counter) == 2 and counter.status is Status.READY


def test_a_warning_that_is_raised_loses_nothing():
    counter = Counter()
    assert [next(counter), next(counter)] == [1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with pytest.raises(RuntimeWarning, match='nearly there'):
            next(counter)
    assert next(counter) == 3


@pytest.mark.parametrize('error', [OSError, KeyboardInterrupt, SystemExit])
def test_failed(error):
    """After any exception inside a step, it refuses to continue."""
    counter = Counter(fails=3, error=error)
    assert next(counter) == 1
    with pytest.raises(error, match='no room'):
        next(counter)
    for _ in range(2):
        with pytest.raises(ValueError, match=r'^it was ended by an error \(no room\): take another one$'):
            next(counter)
    assert counter.status is Status.FAILED and counter.n == 3


def test_closed():
    counter = Counter()
    counter.status = Status.CLOSED
    with pytest.raises(ValueError, match=r'^the counter is closed: take another one$'):
        next(counter)


def test_a_generator():
    """None is a step without a result."""
    made = InterruptibleGenerator(iter(['a', None, 'b']), 'begin again')
    assert list(made) == ['a', 'b'] and made.advice() == 'begin again'
