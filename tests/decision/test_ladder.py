"""What the preset decides: from the text and the characters that a run reads; from time only with --time."""

import pytest
from decisions import Fixed, climbed, text_of

import fastrnn
from fastrnn.decision import machine
from fastrnn.decision.ladder import GRUS, LSTMS, WITH_ROWS, needs_of
from fastrnn.decision.machine import Measured
from fastrnn.decision.resolve import resolve
from fastrnn.settings.config import preset
from fastrnn.settings.options import Settings


def size(settings):
    return settings.layers * settings.hidden_size


def test_the_ladder_ascends():
    """More characters, of training or of the text, never mean a smaller model. Nothing stays open."""
    for rungs in (GRUS, LSTMS):
        assert [rung.needs for rung in rungs] == sorted(rung.needs for rung in rungs)
    assert set(WITH_ROWS) <= {(rung.layers, rung.H, rung.T) for rung in LSTMS}
    for shuffle in (0, 128):
        needs = [needs_of(rung, Settings(engine='batched', ngrams=4, shuffle=shuffle)) for rung in LSTMS]
        assert needs == sorted(needs)
        assert [rung.text for rung in rungs] == sorted(rung.text for rung in rungs)
    for texts, ends in (((1_000_000,), (1, 4, 15, 60, 400)), ((1_000, 10_000, 100_000, 1_000_000), (4,))):
        found = [climbed(n, epochs=float(epochs)).settings for n in texts for epochs in ends]
        sizes = [size(config) for config in found]
        assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
        for layers in (1, 2):
            given = [climbed(1_000_000, layers=layers, epochs=float(k)).settings for k in range(1, 12)]
            assert [size(config) for config in given] == sorted(map(size, given))
        rates = [config.learning_rate for config in found if config.cell == found[0].cell]
        assert rates == sorted(rates, reverse=True) and 0 < rates[0] <= 0.05


def test_given_layers():
    """They have their own rungs; other rungs don't replace these."""
    for epochs, H, T in ((1, 128, 32), (3.95, 192, 32), (5, 256, 32), (6, 256, 64), (10, 320, 64)):
        config = climbed(1_000_000, layers=2, epochs=float(epochs)).settings
        assert (config.layers, config.hidden_size, config.seq_length) == (2, H, T)
    wide = climbed(1_000_000, layers=1, epochs=10.0).settings
    assert (wide.layers, wide.hidden_size) == (1, 320)


def test_the_cell():
    """An LSTM for long texts, at a rate that is too high for others. A given cell has its own sizes and rate."""
    long, short = (climbed(n, epochs=4.0).settings for n in (500_000, 499_999))
    assert (long.cell, short.cell) == ('lstm', 'gru') and long.layers < short.layers
    gru, lstm = (climbed(n, epochs=4.0, cell=cell).settings for cell, n in CROSSED)
    assert (gru.cell, lstm.cell) == ('gru', 'lstm') and size(gru) == size(lstm) == size(short)
    assert lstm.learning_rate == 0.03 > 2 * short.learning_rate == 2 * gru.learning_rate


CROSSED = (('gru', 500_000), ('lstm', 499_999))


def test_more_epochs_more_dropout():
    dropouts = [climbed(500_000, epochs=float(epochs)).settings.dropout for epochs in (1, 20, 100)]
    assert dropouts == sorted(dropouts) and dropouts[0] < dropouts[-1]


def test_a_faster_machine_and_a_longer_time_mean_a_larger_model():
    sizes = []
    for flops in (1e10, 1e11, 1e12):
        found = [climbed(1_000_000, Fixed(flops), time=time) for time in (5.0, 50.0, 500.0)]
        assert all(one.spent > 0 and one.speed > 0 for one in found)
        sizes.append([size(one.settings) for one in found])
        assert sizes[-1] == sorted(sizes[-1])
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]


class Slower(Fixed):
    """A machine whose second trial measures fewer flops a second."""

    def __init__(self, flops, then):
        super().__init__(flops)
        self._then = then

    def measure(self, settings, seconds):
        super().measure(settings, seconds)
        if len(self.seen) == 2:
            self.measured = Measured(self._then, 1)


def test_a_second_trial_may_find_the_model_too_slow():
    """If it reads less than 0.8 of its needs, the rung below is chosen. A short run has one trial."""
    seconds, trial = 50.0, Fixed(1e11)
    first = climbed(1_000_000, trial, time=seconds).settings
    at, rung = next((k, rung) for k, rung in enumerate(LSTMS) if (rung.layers, rung.H, rung.T) == shape(first))
    enough = needs_of(rung, first) / (seconds - 0.2) * trial.seen[-1].training_flops  # flops a second, after two trials
    for share, expected in ((0.81, rung), (0.79, LSTMS[at - 1])):
        machine = Slower(1e11, share * enough)
        assert shape(climbed(1_000_000, machine, time=seconds).settings) == (expected.layers, expected.H, expected.T)
        assert len(machine.seen) == 2
    machine = Fixed(1e11)
    climbed(1_000_000, machine, time=19.0)
    assert len(machine.seen) == 1


def shape(settings):
    return settings.layers, settings.hidden_size, settings.seq_length


def test_a_run_reads_in_the_time_after_the_trials():
    found = climbed(1_000_000, Fixed(1e11), time=50.0)
    assert found.spent == pytest.approx(0.2) and found.trained == pytest.approx(found.speed * 49.8, rel=1e-12)
    found = climbed(1_000_000, Fixed(1e11), time=5.0)
    assert found.spent == pytest.approx(0.1) and found.trained == pytest.approx(found.speed * 4.9, rel=1e-12)


def test_epochs_of_a_short_text_are_capped():
    """Only in runs that end by time; given epochs or iterations stay."""

    def chosen(n, **options):
        return climbed(n, Fixed(1e10), **options).settings

    short = chosen(1_500, time=60.0)
    assert short.epochs is not None and short.epochs < 50 and short.time == 60.0 and short.dropout >= 0.3
    for less in (0.5, 1.0):  # seconds; the cap also applies if fewer are expected, or nothing was measured
        assert chosen(40_000, time=less).epochs == 16
    assert chosen(1_000_000, time=60.0).epochs is None
    assert chosen(1_500, epochs=500.0).epochs == 500.0
    assert chosen(1_500, iterations=9).epochs is None


def test_other_ends_need_no_trials():
    for end in ({'iterations': 100}, {'epochs': 2.0}, {'epochs': 2.0, 'time': 60.0}, {'time': 0.5}):
        machine = Fixed(1e10)
        found = climbed(300_000, machine, **end)
        assert found.speed is None and found.spent == 0 and not machine.seen


def test_given_options_stay():
    given = {'cell': 'lstm', 'layers': 3, 'hidden_size': 24, 'seq_length': 21, 'streams': 7, 'learning_rate': 0.5}
    given |= {'dropout': 0.25, 'epochs': 2.0}
    config = climbed(200_000, **given).settings
    assert {name: getattr(config, name) for name in given} == given
    for name, value in given.items():
        if name != 'epochs':
            config = climbed(200_000, iterations=1000, **{name: value}).settings
            assert getattr(config, name) == value


@pytest.mark.parametrize('streams', [4096, 5000])
def test_a_window_fits_the_given_streams(streams):
    """The window is the ladder's or shorter. Given windows stay, and may be refused."""
    n = 200_704
    found = resolve(preset('fast', streams=streams, epochs=100.0), text_of(n))
    assert found.streams == streams and found.hidden_size == 256 and 32 <= found.seq_length < 64
    given = climbed(n, streams=streams, seq_length=20, epochs=100.0).settings
    assert (given.streams, given.seq_length) == (streams, 20)
    with pytest.raises(ValueError, match='--streams up to 5,9'):
        resolve(preset('fast', streams=20_000, epochs=100.0), text_of(n))


def test_trials_count_as_run_time():
    """A run is never over before it starts."""
    asked = preset('fast', time=1.0, hidden_size=8, layers=1, seed=0)
    job = resolve(asked, text_of(3000, 26), Fixed(1e9))
    assert 0 < job.spent <= 0.5 and not job.over(0, job.spent)
    assert job.segment.since == job.spent  # the warm-up starts after it
    assert job.rates(0, 1, job.spent, 1e-3)[0] < 0.1 * job.learning_rate


@pytest.mark.parametrize(
    ('text', 'options', 'problem'),
    [
        ('', {}, 'the text has 0 characters'),
        ('ab', {}, 'the text has 2 characters'),
        ('ab' * 600, {'seq_length': 1000, 'streams': 50}, 'the text has 1,200 characters, but a seq_length of 1000'),
        ('ab' * 600, {'seq_length': 2000}, 'the text has 1,200 characters, but a seq_length of 2000'),
        ('ab' * 600, {'hidden_size': 10**6}, 'cell gru, layers 1, hidden_size 1,000,000, .* of memory'),
    ],
)
def test_impossible_runs_are_refused_before_a_trial(monkeypatch, text, options, problem):
    monkeypatch.setattr(machine, 'make_engine', None)
    with pytest.raises(ValueError, match=f'^{problem}'):
        fastrnn.train(text, preset='fast', **options)
