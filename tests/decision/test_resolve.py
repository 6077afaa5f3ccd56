"""From options to a job: nothing stays open, each decision has a reason, and files store both."""

import json
from dataclasses import replace

import numpy as np
import pytest
from decisions import Fixed, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

from fastrnn.decision import agreement
from fastrnn.decision.job import GO_ON, STOP, Job
from fastrnn.decision.memory import OF_SAMPLE
from fastrnn.decision.resolve import ASKED, GIST, resolve
from fastrnn.parallel.processes import Processes
from fastrnn.settings.config import Config, preset
from fastrnn.settings.options import TABLE
from fastrnn.system import limits

OPTIONAL = {'iterations', 'epochs', 'time', 'clip_norm', 'patience', 'threads', 'validate_part', 'shards'}


def test_the_gists_job():
    """Its values and reasons."""
    job = resolve(Config(seed=3, iterations=200), text_of(5000))
    assert (job.hidden_size, job.seq_length, job.learning_rate, job.engine) == (100, 25, 0.1, 'exact')
    assert (job.V, job.characters, job.held_out, job.on_divergence) == (60, 5000, 0, GO_ON)
    assert job.reasons['seed'] == job.reasons['iterations'] == ASKED and job.reasons['hidden_size'] == GIST
    assert job.reasons.keys() > TABLE.keys() and all(job.reasons.values())
    assert [segment[:4] for segment in job.segments] == [('constant', 0, 0.0, 200)]


def test_the_presets_job():
    """Reasons name text, time and machine if these decide; other values are the preset's or asked for."""
    job = resolve(preset('fast', time=50.0, layers=2, seed=0), text_of(1_000_000), Fixed(1e11))
    assert (job.cell, job.layers, job.engine, job.on_divergence) == ('lstm', 2, 'batched', STOP)
    why = job.reasons['hidden_size']
    assert why == job.reasons['cell'] == job.reasons['model'] and why.startswith('50 s on ')
    assert job.reasons['learning_rate'].startswith('by the cell') and job.reasons['streams'].startswith('by the length')
    assert job.reasons['layers'] == job.reasons['time'] == ASKED
    assert job.reasons['optimizer'] == 'the preset fast' and job.reasons['sample_length'] == GIST
    assert job.memory > 4 * job.architecture.parameters and job.spent > 0


def test_reasons_of_defaults():
    job = resolve(Config(engine='batched', optimizer='adam', iterations=9), text_of(900))
    assert job.learning_rate == 0.002 and job.reasons['learning_rate'].startswith('suits Adam')
    assert (job.shards, job.reasons['shards'], job.reasons['seed']) == (1, 'one per process', 'drawn at random')
    assert job.reasons['validate_every'].startswith('by the sizes') and job.reasons['clip_norm'] == 'not asked for'


def test_shards_are_decided_before_streams(monkeypatch):
    """A short text has 4 streams, but 6 with three processes."""
    three = Processes()
    three.size = 3
    monkeypatch.setattr(agreement, 'processes', lambda: three)
    job = resolve(preset('fast', iterations=9), text_of(5000))
    assert (job.shards, job.streams) == (3, 6)


def test_the_checked_memory_is_the_runs(monkeypatch):
    """A run in a folder or with held-out text needs more than one that only trains."""
    config, text = Config(engine='batched', hidden_size=300, seed=0, iterations=9), text_of(900)
    cases = [(text, False), (text, True), (replace(text, held_out=np.arange(90) % 60), False)]
    needed = [resolve(config, of, kept=kept).memory for of, kept in cases]
    assert needed[0] < min(needed[1:])
    free = needed[0] + OF_SAMPLE * config.asked.get('sample_length', 200)
    monkeypatch.setattr(limits, 'memory', lambda: limits.Memory(free, 0, 'this machine'))
    assert resolve(config, text).memory == needed[0]
    for of, kept in cases[1:]:
        with pytest.raises(ValueError, match=r'need .* of memory, but this machine has'):
            resolve(config, of, kept=kept)


def test_intervals_depend_on_the_measured_speed():
    """A machine many times as fast as the nominal one validates about as often in a run of 50 s."""
    asked = {'cell': 'gru', 'layers': 1, 'hidden_size': 64, 'seed': 0}
    text = replace(text_of(1_000_000), held_out=np.arange(50_000) % 60)
    for flops in (1e10, 1e11, 1e12):
        job = resolve(preset('fast', time=50.0, **asked), text, Fixed(flops))
        iterations = Fixed(flops).speed(job) * (50.0 - job.spent) / (job.streams * job.seq_length)
        assert 8 < iterations / job.validate_every < 48


def test_replaced_values_of_a_preset_are_not_called_its_own():
    """Its time if iterations are given, its norm if --clip is, its decay without Adam."""
    asked = {'iterations': 9, 'clip': 1.0, 'optimizer': 'adagrad', 'seed': 1}
    job = resolve(preset('fast', **asked), text_of(900))
    left_out = ('time', 'clip_norm', 'weight_decay', 'hidden_decay')
    assert not any('preset' in job.reasons[name] for name in left_out) and job.reasons['warmup'] == 'the preset fast'
    assert job.reasons['epochs'] == 'not asked for' and job.reasons['sample_every'].startswith('not used')


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(40, 300_000),
    name=st.sampled_from(['reference', 'fast']),
    asked=st.fixed_dictionaries(
        {},
        optional={
            'hidden_size': st.integers(1, 64),
            'seq_length': st.integers(1, 30),
            'iterations': st.integers(0, 500),
            'sample_every': st.integers(1, 50),
            'print_every': st.integers(1, 50),
            'learning_rate': st.floats(1e-6, 1.0),
            'patience': st.integers(1, 9),
            'threads': st.integers(1, 4),
            'save_every': st.integers(1, 99),
        },
    ),
)
def test_nothing_stays_open(n, name, asked):
    """Options that were asked for are in the job, and the job survives its file."""
    job = resolve(preset(name, **asked), text_of(n), Fixed(1e10))
    assert {option: getattr(job, option) for option in asked} == asked
    assert [option for option in TABLE if getattr(job, option) is None and option not in OPTIONAL] == []
    assert Job(**json.loads(json.dumps(job.facts))) == job
    assert job.segments and job.reasons.keys() >= TABLE.keys()


@pytest.mark.parametrize(
    ('n', 'V', 'asked', 'words'),
    [
        (20, 1, {}, 'the text has only one distinct character'),
        (20, 5, {}, 'the text has 20 characters, but a seq_length of 25 needs at least 27: use a longer text'),
        (900, 5, {'hidden_size': 10**7}, 'cell rnn, layers 1, hidden_size 10,000,000, .* of memory'),
        (900, 5, {'engine': 'batched', 'streams': 4, 'shards': 3}, "4 streams can't be divided into 3 equal shards"),
    ],
)
def test_impossible_jobs_are_refused(n, V, asked, words):
    with pytest.raises(ValueError, match=f'^{words}'):
        resolve(Config(**asked), text_of(n, V))
