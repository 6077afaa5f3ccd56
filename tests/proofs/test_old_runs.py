"""Runs that version 0.1.0 kept resume, sample and score for ever."""

import json
import shutil
from pathlib import Path

import pytest
from helpers import SONNETS
from kept import log_of, state_of

import fastrnn
from fastrnn.model.places import checkpoints

OLD = Path(__file__).parent / 'runs_of_0.1.0'


@pytest.fixture(params=['exact', 'fast'])
def old(request, tmp_path):
    """A copy of the folder of a run that ended after 40 iterations."""
    return shutil.copytree(OLD / request.param, tmp_path / request.param)


@pytest.mark.filterwarnings('ignore:the learning rate keeps to its schedule:RuntimeWarning')
def test_it_resumes(old):
    before = log_of(old)
    with fastrnn.resume(old, SONNETS, iterations=60) as run:
        records = list(run)
    assert records[-1].iteration == 59 and records[-1].last
    assert log_of(old)[: len(before)] == before
    assert state_of(checkpoints(old)[-1])[1][3] == 60
    assert 4 < records[-1].bits_per_character < 6


def test_it_samples_and_scores(old):
    model = fastrnn.load_model(old)
    assert len(''.join(fastrnn.sample(model, 50, seed=0))) == 50
    logged = [json.loads(line)['validation'] for line in (old / 'log.jsonl').read_text().splitlines()]
    text = SONNETS.read_text(encoding='utf-8')
    held_out = text[len(text) * 9 // 10 :]
    expected = min(value for value in logged if value is not None)
    assert fastrnn.evaluate(model, held_out).bits_per_character == pytest.approx(expected, rel=1e-3)
