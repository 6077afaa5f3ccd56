"""The memory that a run needs."""

import numpy as np
import pytest

from fastrnn.engines.engine import FastEngine
from fastrnn.engines.memory import memory
from fastrnn.settings.config import Config


def config(**options):
    return Config(**{'engine': 'fast', 'seed': 0, 'hidden_size': 20, 'seq_length': 7, **options})


@pytest.mark.parametrize('name', ['float32', 'float64'])
@pytest.mark.parametrize(
    ('T', 'B', 'H', 'V'), [(25, 1, 100, 65), (50, 32, 128, 65), (64, 16, 256, 90), (8, 4, 40, 200)]
)
def test_memory_is_as_stated(T, B, H, V, name):
    """engines.memory is the bytes of all arrays, of one thread."""
    asked = config(streams=B, hidden_size=H, seq_length=T, dtype=name, optimizer='adam')
    engine = FastEngine(asked, np.zeros(B * (T + 2), np.uint16), V)
    groups = (engine.packed, engine.work, engine.optimizer)
    arrays = [array for group in groups for array in group if isinstance(array, np.ndarray)]
    actual = sum(array.nbytes for array in [*arrays, engine.params.flat, engine.grads.flat])
    assert memory(asked, V) == actual
