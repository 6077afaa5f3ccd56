"""Iterators that stay consistent after signals and errors, and when threads or forks share them."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import Enum, auto
from typing import Generic, TypeVar

from .forks import OwnLock
from .interrupts import held

T = TypeVar('T')


class Status(Enum):
    """The states of an :class:`Interruptible`, which describes them."""

    READY, HOLDING, FAILED, CLOSED = auto(), auto(), auto(), auto()


class Interruptible(ABC, Generic[T]):
    """An iterator made of short steps; ``status`` is its state between two steps.

    ready    ``next`` runs steps until one returns a result. A signal during a step is raised after the step. An
             exhausted iterator stays ready and raises StopIteration.
    holding  A signal came before the result of a step was returned: the next call of ``next`` returns it.
    failed   A step raised an error: ``next`` raises an error that says what to do.
    closed   It was closed: ``next`` raises an error. Iterators that can be used after closing don't have this state.

    Threads may share an iterator: their steps run one after the other. A fork has only a copy: everything that needs
    the state raises an error there.
    """

    what = 'this iterator'  # in messages

    def __init__(self, lock: OwnLock | None = None) -> None:
        self.lock = lock or OwnLock(self.what)  # held while the state is read or changed
        self.status, self.notes = Status.READY, list[str]()  # notes: pending warnings
        self._made: T | None = None
        self._failure = ''  # a text, as the error's frames would refer to this object

    @abstractmethod
    def step(self) -> T | None:
        """Run one step while signals wait; returns a result, or None if there is none yet. StopIteration at the end."""

    @abstractmethod
    def advice(self) -> str:
        """What to do when ``next`` raises an error; ends the error message."""

    def prepare(self) -> None:
        """Preparation before a step, which signals may interrupt: it must be repeatable."""

    def around(self) -> AbstractContextManager[None]:
        """A context around each step, such as a running clock."""
        return nullcontext()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while True:
            self.prepare()
            try:
                with held():
                    self.advance()
            finally:
                self.tell()
            if self.status is Status.HOLDING:
                made, self._made, self.status = self._made, None, Status.READY
                if made is not None:
                    return made

    def tell(self) -> None:
        """Show the pending warnings, located at the line that called the caller."""
        while self.notes:
            warnings.warn(self.notes.pop(0), RuntimeWarning, stacklevel=3)

    def advance(self) -> None:
        """Run one step, unless the result of the last one was not returned yet."""
        with self.lock, self.around():
            self.check()
            if self.status is Status.HOLDING:
                return
            try:
                self._made = self.step()
            except StopIteration:
                raise
            except BaseException as error:
                self._failure, self.status = str(error) or type(error).__name__, Status.FAILED
                raise
            if self._made is not None:
                self.status = Status.HOLDING

    def check(self) -> None:
        """Raise ValueError if it is closed or has failed."""
        if self.status is Status.CLOSED:
            raise ValueError(f'{self.what} is closed: {self.advice()}')
        if self.status is Status.FAILED:
            raise ValueError(f'it was ended by an error ({self._failure}): {self.advice()}')


class InterruptibleGenerator(Interruptible[T]):
    """Runs the steps of a generator, which yields None if it has no result yet."""

    def __init__(self, generator: Iterator[T | None], advice: str) -> None:
        super().__init__()
        self._generator, self._advice = generator, advice

    def step(self) -> T | None:
        return next(self._generator)

    def advice(self) -> str:
        return self._advice
