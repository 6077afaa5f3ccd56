"""Iterators that are never left half-way: by a signal, by an error inside, by a second thread, or by a fork."""

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
    """Of an :class:`Interruptible`, which says what each is."""

    READY, HOLDING, FAILED, CLOSED = auto(), auto(), auto(), auto()


class Interruptible(ABC, Generic[T]):
    """An iterator made of short steps; ``status`` is where it is between two of them.

    ready    The next ``next`` takes steps, until one gives something. A signal that comes during a step is raised
             when the step is done. At the end of all it stays ready, and gives StopIteration.
    holding  A step gave something that a signal kept from the caller: the next ``next`` hands it out.
    failed   An error came from inside a step: ``next`` refuses, and says what to do.
    closed   It was closed: ``next`` refuses. Only where closing ends it; others can be gone on with.

    Threads may share one: their steps follow each other. A fork of the process only has a copy: it refuses all that
    needs the state.
    """

    what = 'this iterator'  # in messages

    def __init__(self, lock: OwnLock | None = None) -> None:
        self.lock = lock or OwnLock(self.what)  # held by who reads or changes the state
        self.status, self.notes = Status.READY, list[str]()  # notes: warnings, for the caller of ``next``
        self._made: T | None = None
        self._failure = ''  # in words: the error itself would refer to this through its frames

    @abstractmethod
    def step(self) -> T | None:
        """The next step; None: it has nothing to give. Raises StopIteration at the end. Signals must wait meanwhile."""

    @abstractmethod
    def advice(self) -> str:
        """What to do where it refuses to go on."""

    def prepare(self) -> None:
        """What comes before a step, and may be interrupted: it must be good to be done again."""

    def around(self) -> AbstractContextManager[None]:
        """What a step is taken in, such as a clock."""
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
        """Warn of what has been noted, as of the line that called the caller."""
        while self.notes:
            warnings.warn(self.notes.pop(0), RuntimeWarning, stacklevel=3)

    def advance(self) -> None:
        """One step, unless what the last one made is still to be handed out."""
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
        """Raise ValueError where it refuses to go on."""
        if self.status is Status.CLOSED:
            raise ValueError(f'{self.what} is closed: {self.advice()}')
        if self.status is Status.FAILED:
            raise ValueError(f'it was ended by an error ({self._failure}): {self.advice()}')


class InterruptibleGenerator(Interruptible[T]):
    """The steps of a generator, which yields None where it has nothing to give yet."""

    def __init__(self, generator: Iterator[T | None], advice: str) -> None:
        super().__init__()
        self._generator, self._advice = generator, advice

    def step(self) -> T | None:
        return next(self._generator)

    def advice(self) -> str:
        return self._advice
