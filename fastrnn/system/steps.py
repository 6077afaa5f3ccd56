"""Iterators that are never left half-way: by a signal, by an error inside, by a second thread, or by a fork."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from .forks import OwnLock
from .interrupts import held

T = TypeVar('T')


class Steps(ABC, Generic[T]):
    """An iterator made of short steps. A signal that comes during one is raised when it is done.

    What such a step has made is not lost: the next call of ``next`` gives it. After an error from inside, it refuses
    to go on. Threads may share one: their steps follow each other. A fork of the process only has a copy: it refuses
    all that needs the state.
    """

    what = 'this iterator'  # in messages

    def __init__(self) -> None:
        self._lock = OwnLock(self.what)  # held by who reads or changes the state
        self._made: T | None = None
        self._error: str | None = None  # in words: the error itself would refer to this through its frames

    @abstractmethod
    def _step(self) -> T | None:
        """The next step; None: it has nothing to give. Raises StopIteration at the end."""

    @abstractmethod
    def _advice(self) -> str:
        """What to do after an error from inside."""

    def _prepare(self) -> None:
        """What comes before a step, and may be interrupted: it must be good to be done again."""

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while True:
            self._prepare()
            with held():
                self._advance()
            made, self._made = self._made, None
            if made is not None:
                return made

    def _advance(self) -> None:
        """One step, unless what the last one made is still to be given out."""
        with self._lock:
            self._check_whole()
            if self._made is not None:
                return
            try:
                self._made = self._step()
            except StopIteration:
                raise
            except BaseException as error:
                self._error = str(error) or type(error).__name__
                raise

    def _check_whole(self) -> None:
        if self._error is not None:
            raise ValueError(f'it was ended by an error ({self._error}): {self._advice()}')


class Pieces(Steps[T]):
    """The steps of a generator, which yields None where it has nothing to give yet."""

    def __init__(self, generator: Iterator[T | None], advice: str) -> None:
        super().__init__()
        self._generator, self._words = generator, advice

    def _step(self) -> T | None:
        return next(self._generator)

    def _advice(self) -> str:
        return self._words
