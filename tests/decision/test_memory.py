"""The memory that a run needs."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.decision import memory as module
from fastrnn.decision.memory import check_memory, memory
from fastrnn.engines import batched
from fastrnn.engines.engine import BatchedEngine
from fastrnn.parallel.processes import Processes
from fastrnn.settings.options import Settings
from fastrnn.system import limits

SIZES = [(25, 1, 100, 65), (50, 32, 128, 65), (64, 16, 256, 90), (8, 4, 40, 200)]


def config(**options):
    return Settings(**{'engine': 'batched', 'seed': 0, 'hidden_size': 20, 'seq_length': 7, **options})


@pytest.mark.parametrize(
    ('sizes', 'options'),
    [
        *((sizes, {'dtype': dtype}) for sizes in SIZES for dtype in ('float32', 'float64')),
        *((sizes, {'dtype': 'float32', 'threads': 3}) for sizes in SIZES[:2]),
        *((sizes, {'dtype': 'float32', 'cell': 'lstm', 'layers': 2, 'dropout': 0.5, 'threads': 2}) for sizes in SIZES),
        (SIZES[1], {'dtype': 'float32', 'cell': 'gru', 'layers': 3, 'optimizer': 'adagrad'}),
        (SIZES[3], {'dtype': 'float32', 'layers': 8, 'dropout': 1e-9}),  # rounds to no dropout
        (SIZES[1], {'dtype': 'float32', 'cell': 'lstm', 'shards': 4}),
    ],
)
def test_memory_is_as_stated(monkeypatch, processors, sizes, options):
    """engines.memory is the bytes of all arrays, including those of each thread."""
    processors(3)
    monkeypatch.setattr(batched.compile_ahead, 'start', lambda *_: None)
    (T, B, H, V), none = sizes, np.zeros(0)
    asked = config(**{'streams': B, 'hidden_size': H, 'seq_length': T, 'optimizer': 'adam', **options})
    monkeypatch.setattr(BatchedEngine, '_train', lambda *_: none)  # avoids compiling
    monkeypatch.setattr(batched, 'pack_weights', lambda *_: none)
    engine = BatchedEngine(asked, np.zeros(B * (T + 2), np.uint16), V)
    groups = (engine.network.packed, engine.optimizer, *engine._works, [engine.params.flat, engine.grads.flat])
    groups += (engine._exchange.shards[-3:],)  # the others are tiny
    arrays = {id(array): array.nbytes for group in groups for array in group if isinstance(array, np.ndarray)}
    assert memory(asked, V) == sum(arrays.values())


def test_peak_memory_is_as_stated(tmp_path):
    """With validations and checkpoints. The text, and what does not grow with the model, are small in comparison."""
    asked = {'hidden_size': 400, 'layers': 2, 'streams': 2, 'optimizer': 'adam', 'dtype': 'float32', 'threads': 1}
    asked |= {'cell': 'lstm', 'iterations': 3, 'validate_every': 1, 'learning_rate': 1e-3, 'sample_length': 5}
    wanted = fastrnn.Config(**vars(config(**asked)))
    fastrnn.start(tmp_path / 'first', SONNETS, wanted, validation=0.2).watch()  # imports and compiles
    peaks = {}
    for kept in (False, True):
        tracemalloc.start()
        if kept:
            run = fastrnn.start(tmp_path / 'run', SONNETS, wanted, validation=0.2)
        else:
            run = fastrnn.train(SONNETS, wanted, validation=0.2)
        list(run)
        peaks[kept] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        run.close()
        told = memory(config(**asked), 42, validated=True, kept=kept)
        assert 0.85 * told < peaks[kept] < 1.1 * told, (kept, told, peaks)
    assert peaks[True] > 1.3 * peaks[False]


@pytest.mark.parametrize(
    ('options', 'needed', 'cure'),
    [
        ({'engine': 'exact', 'hidden_size': 10**8}, ' PB', '--hidden-size'),
        ({'engine': 'exact', 'hidden_size': 2**62}, 'more than 1,000 EB', '--hidden-size'),
        ({'engine': 'exact', 'seq_length': 10**9}, ' TB', '--seq-length'),
        ({'streams': 10**9, 'hidden_size': 100}, ' TB', '--streams'),
        ({'seq_length': 10**10}, ' TB', '--seq-length'),
        ({'sample_length': 10**11}, '2.0 TB', '--sample-length'),
        ({'streams': 3 * 10**9, 'shards': 3}, ' TB', '--streams'),
        ({'hidden_size': 3000, 'layers': 4}, ' GB', '--layers'),
        ({'hidden_size': 10**6, 'seq_length': 10**6, 'streams': 10**6}, ' EB', '--hidden-size'),
    ],
)
def test_refusals_name_the_option_to_lower(monkeypatch, options, needed, cure):
    """With the largest value that fits."""
    there = limits.Memory(2 * 10**9, 5 * 10**8, 'cgroup v2, /sys/fs/cgroup/memory.max')
    monkeypatch.setattr(limits, 'memory', lambda: there)
    asked = config(**options)
    with pytest.raises(
        ValueError, match=f'need .*{needed} of memory, but 1.5 GB of 2.0 GB are free .cgroup v2'
    ) as error:
        check_memory(asked, 65)
    told = str(error.value).rpartition(': ')[2]
    assert cure in told
    found = [part.split() for part in told.removeprefix('use ').removesuffix(', or less').split(' or ')]
    for option, value in found if 'smaller' not in told else ():
        name, most = option.removeprefix('--').replace('-', '_'), int(value.replace(',', ''))
        check_memory(replace(asked, **{name: most}), 65)
        with pytest.raises(ValueError, match='of memory'):
            check_memory(replace(asked, **{name: most + (asked.shards or 1)}), 65)


def test_processes_of_a_host_share_its_memory(monkeypatch):
    """A model that fits once does not fit twice."""
    asked, group = config(), Processes()
    needed = memory(asked, 65) + module.OF_SAMPLE * asked.sample_length
    monkeypatch.setattr(limits, 'memory', lambda: limits.Memory(2 * needed - 1, 0, 'this machine'))
    monkeypatch.setattr(module, 'processes', lambda: group)
    check_memory(asked, 65)
    group.size = group.on_host = 2
    with pytest.raises(ValueError, match=r'of memory in each of 2 processes, but this machine has '):
        check_memory(asked, 65)


def test_a_run_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(limits, 'memory', lambda: limits.Memory(10**8, 0, 'this machine'))
    with pytest.raises(ValueError, match=r'but this machine has 100\.0 MB: use --hidden-size '):
        fastrnn.train('to and fro' * 100, hidden_size=3000)
