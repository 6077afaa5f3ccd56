"""The models, sizes and optimizers that bench/peers.py compares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fastrnn.model.architecture import Architecture
from fastrnn.settings.options import Settings

Tensors = dict[str, NDArray[Any]]  # initial weights, by PyTorch's names: rnn.weight_ih_l0, ..., output.bias
Steps = Callable[[int], NDArray[Any]]  # (iterations) -> their losses, nats summed over T, mean over streams


@dataclass(frozen=True)
class Case:
    cell: str
    H: int
    B: int
    layers: int = 1
    T: int = 50
    dtype: str = 'float32'
    optimizer: str = 'adam'
    threads: int = 2
    rate: float = 1e-3

    @property
    def name(self) -> str:
        cell = 'tanh' if self.cell == 'rnn' else self.cell.upper()
        return f'{cell} {self.layers} x {self.H}' if self.layers > 1 else f'{cell} {self.H}'

    @property
    def is_the_gists(self) -> bool:
        return self.cell == 'rnn' and self.layers == self.B == 1

    def config(self, threads: int | None = None) -> Settings:
        """Settings of the batched engine; ``threads`` overrides the case's."""
        return Settings(
            engine='batched',
            cell=self.cell,
            layers=self.layers,
            hidden_size=self.H,
            streams=self.B,
            seq_length=self.T,
            dtype=self.dtype,
            optimizer=self.optimizer,
            threads=threads or self.threads,
            learning_rate=self.rate,
            # weights as small as the gist's hide the effect of the recurrence on the compared losses
            init='gist' if self.is_the_gists else 'scaled',
            seed=0,
        )

    def flops(self, V: int) -> int:
        """Flops per iteration."""
        return Architecture.of(self.config(), V).training_flops * self.T * self.B


CASES = (
    Case('rnn', 100, 1, T=25, optimizer='adagrad', threads=1),
    Case('rnn', 100, 1, T=25, optimizer='adagrad', threads=1, dtype='float64'),
    Case('rnn', 128, 32),
    Case('rnn', 256, 64),
    Case('rnn', 512, 64),
    Case('rnn', 512, 128),
    Case('rnn', 1024, 64),
    Case('lstm', 128, 32),
    Case('lstm', 256, 32),
    Case('lstm', 512, 64),
    Case('lstm', 128, 32, layers=2),
    Case('gru', 128, 32),
    Case('gru', 256, 32),
    Case('gru', 256, 32, layers=2),
)
SAMPLING = Case('lstm', 256, 1, threads=1)
