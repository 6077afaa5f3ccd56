"""The shards of a process; errors if they can't be divided."""

import pytest

from fastrnn.engines import shards as module
from fastrnn.engines.engine import BatchedEngine
from fastrnn.engines.shards import check_shards
from fastrnn.model.architecture import Architecture
from fastrnn.parallel.group import Processes
from fastrnn.settings.options import Settings


@pytest.fixture
def as_many(monkeypatch):
    """Pretend that there are ``size`` processes and this has number ``rank``."""

    def pretend(size, rank=0):
        group = Processes()
        group.size, group.rank = size, rank
        monkeypatch.setattr(module, 'processes', lambda: group)

    return pretend


@pytest.mark.parametrize(
    ('processes', 'options', 'told'),
    [
        (1, {'streams': 4, 'shards': 5}, 'shards is 5, but there are only 4 streams: use fewer --shards or more'),
        (
            1,
            {'streams': 16, 'shards': 3},
            "16 streams can't be divided into 3 equal shards: use --streams 15 or 18, or",
        ),
        (
            3,
            {'streams': 8, 'shards': 4},
            "4 shards can't be divided among 3 processes: start 1 or 2 or 4 processes, or a",
        ),
        (4, {'streams': 8, 'shards': 2}, 'run with --shards 4'),
    ],
)
def test_impossible_shards_are_refused(as_many, processes, options, told):
    as_many(processes)
    with pytest.raises(ValueError, match=told):
        check_shards(Settings(engine='batched', **options))


def test_the_gists_engines_run_in_one_process(as_many):
    as_many(2)
    with pytest.raises(ValueError, match='engine exact trains in one process, not in 2: add --preset fast'):
        check_shards(Settings())


def test_the_optimizers_memory_is_divided(as_many):
    """Adam stores two numbers per parameter; each of P processes has a P-th of them."""
    config = Settings(
        engine='batched',
        cell='lstm',
        hidden_size=256,
        streams=16,
        shards=4,
        dtype='float32',
        optimizer='adam',
        threads=1,
    )
    architecture, needed = Architecture.of(config, 65), {}
    for size in (1, 2, 4):
        as_many(size)
        needed[size] = BatchedEngine.memory(config, architecture)
    N = architecture.parameters
    assert needed[1] - needed[2] >= 4 * N * 2 // 2 and needed[2] > needed[4]
