"""Runs that are the same make the same files: people compare them by their hashes. In no order that a process draws."""

import json

import numpy as np
import pytest
from helpers import SONNETS, start_python

from fastrnn.model.safetensors_file import read

RUNS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import fastrnn
from kept import begin
place = Path(sys.argv[2])
place.mkdir()
for name in ('exact', 'gru'):
    with begin(place / name, name, Path(sys.argv[3])) as session:
        for _ in session:
            pass
        session.save(place / f'{name}.safetensors')
    fastrnn.save_model(place / f'{name}-best.safetensors', fastrnn.load_model(place / name))
"""
TIMES = ('seconds', 'characters_per_second')
pytestmark = pytest.mark.long


@pytest.fixture(scope='module')
def twice(tmp_path_factory):
    """Two folders that two processes filled at the same time, each with another seed of its hashes."""
    place = tmp_path_factory.mktemp('twice')
    support = SONNETS.parent.parent / 'tests' / 'support'
    args = [('-c', RUNS, support, place / seed, SONNETS) for seed in '12']
    for process in [start_python(*each, PYTHONHASHSEED=each[3].name) for each in args]:
        assert process.communicate(timeout=120)[1] == b'' and process.returncode == 0
    return place / '1', place / '2'


def pairs(twice, suffix):
    """Files of both, by their names, of which there are as many."""
    names = [sorted(path.relative_to(place) for path in place.rglob(f'*{suffix}')) for place in twice]
    assert names[0] == names[1]
    return [(twice[0] / name, twice[1] / name) for name in names[0]]


def timeless(values):
    return {name: value for name, value in values.items() if name not in TIMES}


def test_models_and_configurations(twice):
    """Byte for byte: what --save writes, the best one, and what a run is."""
    same = [
        pair for suffix in ('.safetensors', '.json') for pair in pairs(twice, suffix) if 'point' not in pair[0].name
    ]
    same = [pair for pair in same if pair[0].name != 'best.safetensors']  # a checkpoint
    assert len(same) == 6
    for one, other in same:
        assert one.read_bytes() == other.read_bytes(), one


def test_checkpoints(twice):
    """In nothing but the seconds, and what follows from them: the checksum, and the header's length."""
    kept = [pair for pair in pairs(twice, '.safetensors') if pair[0].parent not in twice]
    assert len(kept) == 6
    for pair in kept:
        (tensors, facts), (others, other_facts) = (read(path) for path in pair)
        assert set(tensors) == set(others)
        assert all(np.array_equal(tensors[name], others[name]) for name in tensors)
        states = [timeless(json.loads(each.pop('state'))) for each in (facts, other_facts)]
        assert states[0] == states[1] and facts == other_facts
        assert ordered(pair[0]) == ordered(pair[1])


def ordered(path):
    """The names in a file's header, as they come."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], 'little')])
    return list(header), list(header['__metadata__'])


def test_logs(twice):
    logs = pairs(twice, '.jsonl')
    assert len(logs) == 2
    for pair in logs:
        lines = [[timeless(json.loads(line)) for line in path.read_text().splitlines()] for path in pair]
        assert lines[0] == lines[1] and len(lines[0]) > 5
        assert [list(line) for line in lines[0]] == [list(line) for line in lines[1]]
