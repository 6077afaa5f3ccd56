"""Larger batches: only on many cores, only in runs that end by time, and only as long as they pay."""

from dataclasses import replace

import pytest
from decisions import Fixed, ManyCores, climbed, left_open, settings_of, text_of

from fastrnn.decision.batches import KEPT_BUSY, LARGER, SIXTEEN, best_batch
from fastrnn.decision.ladder import rungs_for
from fastrnn.decision.memory import memory
from fastrnn.decision.resolve import resolve
from fastrnn.settings.config import preset
from fastrnn.system import limits

LONG, HUGE = 1_000_000, 10**10  # characters: LONG is read many times in these runs, HUGE never to the end
THIRTY_TWO, SIXTY_FOUR, LARGEST = LARGER


def test_larger_batches_cost_more():
    """Less than in proportion if the run reads the whole text; more if it reads only a part."""
    batches = (SIXTEEN, *LARGER)
    costs = [batch.cost(2.0 * LONG, LONG) for batch in batches]
    assert costs == sorted(costs) and costs[0] == SIXTEEN.cost(0.5 * LONG, LONG) == 1.0
    assert all(cost < batch.B / SIXTEEN.B for cost, batch in zip(costs[1:], LARGER, strict=True))
    assert all(batch.cost(0.5 * LONG, LONG) > batch.cost(LONG, LONG) for batch in LARGER)
    assert [batch.B for batch in batches] == [16 * 2**k for k in range(len(batches))]


def test_few_cores_use_sixteen_streams():
    """They make the same decisions with the same trials, whatever larger batches would gain."""
    for seconds in (5.0, 50.0, 500.0):
        same = climbed(LONG, Fixed(16e9), time=seconds)
        for cores in (1, 2, 4, KEPT_BUSY):
            machine = ManyCores(1e9, cores=cores)
            found = climbed(LONG, machine, time=seconds)
            assert found.settings == same.settings and (found.batch, found.faster) == (SIXTEEN, 1.0)
            assert (found.speed, found.spent, found.trained) == (same.speed, same.spent, same.trained)
            assert machine.streams == [16] * (1 + (seconds >= 20.0))


def test_many_cores_use_more_streams():
    """If these are faster. The run then reads more, and gets a larger model."""
    few, machine = climbed(LONG, Fixed(16e9), time=50.0), ManyCores(1e9)
    many = climbed(LONG, machine, time=50.0)
    assert many.settings.streams == 128 and many.batch == LARGEST and many.faster == pytest.approx(8.0)
    assert machine.streams == [16, 16, 32, 64, 128] and many.spent == pytest.approx(0.5)
    assert many.threads == 64 and many.trained == pytest.approx(many.speed * 49.5)
    architectures = [(found.settings.layers, found.settings.hidden_size) for found in (few, many)]
    assert architectures == sorted(architectures) and architectures[0] < architectures[1]
    assert many.settings.learning_rate == pytest.approx(LARGEST.rate * 5 / many.settings.hidden_size)


@pytest.mark.parametrize('flops', [1e9, 2e9, 3e9, 4e9, 6e9, 8e9])
def test_a_model_needs_more_characters_with_more_streams(flops):
    """Its needs are multiplied by the cost of the batch."""
    machine = ManyCores(flops)
    found, start, left = climbed(LONG, machine, time=50.0), settings_of(time=50.0), left_open(time=50.0)
    assert found.batch == LARGEST
    rungs = [
        (need * LARGEST.whole, machine.speed(rung) * (50.0 - found.spent), rung)
        for need, rung in rungs_for(replace(start, streams=128, ngrams=found.settings.ngrams), left, LONG)
    ]
    *_, largest = (rung for need, reads, rung in rungs if reads >= need)
    names = ('layers', 'hidden_size', 'seq_length', 'streams')
    assert [getattr(found.settings, name) for name in names] == [getattr(largest, name) for name in names]


def test_streams_are_doubled_as_long_as_that_pays():
    """One trial goes too far; its measurement does not count."""
    machine = ManyCores(1e9, most=64)
    found = climbed(LONG, machine, time=50.0)
    assert found.settings.streams == 64 and machine.streams == [16, 16, 32, 64, 128]
    assert found.faster == pytest.approx(4.0) and found.threads == 64


def test_a_part_of_a_text_is_read_by_sixteen_streams():
    """More streams mean fewer updates, and shuffled blocks see all kinds of text anyway."""
    machine = ManyCores(1e9)
    found = climbed(HUGE, machine, time=50.0)
    assert found.settings.streams == 16 and found.settings.shuffle and machine.streams == [16, 16, 32]


def test_a_gain_below_the_cost_does_not_pay():
    """The run uses 16 streams; only the time of the trial is lost."""
    machine = ManyCores(1e9, most=THIRTY_TWO.whole * 16)
    found = climbed(LONG, machine, time=50.0)
    assert machine.streams == [16, 16, 32] and (found.batch, found.faster) == (SIXTEEN, 1.0)
    assert found.settings == climbed(LONG, Fixed(16e9), time=50.0).settings and found.threads == 16
    assert found.spent == pytest.approx(0.3)


@pytest.mark.parametrize(
    ('characters', 'asked'),
    [
        (499_999, {}),  # reading it faster would only overfit
        (LONG, {'streams': 16}),
        (LONG, {'threads': KEPT_BUSY}),
        (LONG, {'shards': 4}),
        (LONG, {'optimizer': 'adagrad'}),
    ],
)
def test_when_larger_batches_are_not_tried(characters, asked):
    machine = ManyCores(1e9)
    found = climbed(characters, machine, time=50.0, **asked)
    assert found.settings.streams == 16 and found.batch == SIXTEEN and machine.streams == [16, 16]


def test_without_a_time_there_are_sixteen_streams():
    """The same in a run that is too short for a second trial."""
    for end in ({'iterations': 100}, {'epochs': 2.0}, {'epochs': 2.0, 'time': 60.0}, {'time': 19.0}):
        found = climbed(LONG, ManyCores(1e9), **end)
        assert found.settings.streams == 16 and found.batch == SIXTEEN


def test_trials_end_when_they_have_taken_long():
    class Slow(ManyCores):
        def measure(self, settings, seconds):
            super().measure(settings, seconds)
            self.seconds += 0.9

    machine = Slow(1e9)
    found = climbed(LONG, machine, time=50.0)
    assert machine.streams == [16, 16, 32] and found.settings.streams == 32


def test_a_batch_that_does_not_fit_into_memory_is_not_tried(monkeypatch):
    settings = climbed(LONG, Fixed(16e9), time=50.0).settings

    def with_streams(B):
        return replace(settings, streams=B)

    free = memory(with_streams(64), 60, validated=True, kept=True) + 10_000
    monkeypatch.setattr(limits, 'memory', lambda: limits.Memory(free, 0, 'this machine'))
    machine = ManyCores(1e9)
    assert best_batch(with_streams, LONG, machine, 50.0) == (SIXTY_FOUR, 4.0) and machine.streams == [32, 64]


def test_a_job_says_why_it_has_more_streams():
    text = text_of(LONG)
    job = resolve(preset('fast', time=50.0, seed=0), text, ManyCores(1e9, most=64))
    assert job.streams == 64 and job.reasons['streams'].startswith('64 streams read 4.0 times as many characters/s')
    assert job.reasons['learning_rate'].endswith(f', times {SIXTY_FOUR.rate:g} for 64 streams')
    job = resolve(preset('fast', time=50.0, seed=0, learning_rate=0.01), text, ManyCores(1e9, most=64))
    assert (job.streams, job.learning_rate, job.reasons['learning_rate']) == (64, 0.01, 'asked for')
