"""What a run is to do: frozen, and validated once."""

import math
import os
from dataclasses import dataclass

MAX_SEED = 2**32 - 1
MAX_RATE = 1e6  # beyond it a single step can overflow
ENGINES = ('exact', 'reference')


@dataclass(frozen=True)
class Config:
    """A run of min-char-rnn; the defaults are the gist's.

    Raises ValueError, in one line, for a value that no run can have.
    """

    hidden_size: int = 100  # H
    seq_length: int = 25  # T, steps of truncated BPTT
    learning_rate: float = 1e-1  # of Adagrad
    seed: int | None = None  # of NumPy's legacy generator; None: another run each time
    iterations: int | None = None  # None: until stopped
    sample_every: int = 100  # iterations between samples
    sample_length: int = 200  # characters of a sample
    print_every: int = 100  # iterations between reports
    engine: str = 'exact'
    threads: int | None = None  # None: as many as pay; the bits do not depend on it

    def __post_init__(self) -> None:
        for name in ('hidden_size', 'seq_length', 'sample_every', 'print_every'):
            _check_integer(name, getattr(self, name), 1)
        for name in ('sample_length', 'iterations'):
            if name != 'iterations' or self.iterations is not None:
                _check_integer(name, getattr(self, name), 0)
        if self.threads is not None:
            _check_integer('threads', self.threads, 1)
        if self.seed is not None:
            _check_integer('seed', self.seed, 0, MAX_SEED)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= MAX_RATE:
            raise ValueError(f'learning_rate is {rate}; it must be a number above 0, up to {MAX_RATE:g}')
        if self.engine not in ENGINES:
            raise ValueError(f'engine is {self.engine!r}; it must be one of {", ".join(ENGINES)}')

    def check_text(self, characters: int, vocabulary: int) -> None:
        """Raise ValueError where a text of so many characters, so many distinct, can't be trained on."""
        T = self.seq_length
        if characters < T + 2:
            raise ValueError(
                f'the text has {characters:,} characters, but a seq_length of {T} needs at least {T + 2}: '
                'take a longer text or a smaller --seq-length'
            )
        if vocabulary < 2:
            raise ValueError(
                'the text has one distinct character, so there is nothing to predict: take a text with two or more'
            )
        needed, there = self.memory(vocabulary), physical_memory()
        if there is not None and needed > there:
            raise ValueError(
                f'hidden_size {self.hidden_size:,}, seq_length {T:,} and {vocabulary:,} distinct characters need '
                f'{needed:,} bytes of memory, but this machine has {there:,}: take smaller ones'
            )

    def memory(self, vocabulary: int) -> int:
        """Bytes that a run holds beside the text: weights, Adagrad's memory, buffers."""
        V, H, T = vocabulary, self.hidden_size, self.seq_length
        parameters = H * H + 2 * V * H + H + V
        buffers = T * (7 * H + 3 * V) + V * H
        return 8 * (2 * parameters + buffers + 2 * self.sample_length)


def _check_integer(name: str, value: object, low: int, high: int = 2**63 - 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        bounds = f'{low} or more' if high == 2**63 - 1 else f'from {low} to {high}'
        raise ValueError(f'{name} is {value}; it must be a whole number, {bounds}')


def physical_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not say."""
    try:
        return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    except (AttributeError, OSError, ValueError):
        return None


def bits_per_character(nats: float, characters: int) -> float:
    """Bits per character of a loss in nats that is summed over ``characters``."""
    return nats / (characters * math.log(2))
