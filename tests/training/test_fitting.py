"""What a preset leaves open: decided by the text and by how much of it is read, and by the clock only with --time."""

import numpy as np
import pytest

import fastrnn
from fastrnn.parallel import threads
from fastrnn.settings.config import OPEN, Config
from fastrnn.settings.ladder import GRUS, LSTMS
from fastrnn.settings.presets import preset
from fastrnn.training import fitting
from fastrnn.training.fitting import fit


def ids(n):
    return np.arange(n, dtype=np.uint8) % 60


def size(config):
    return config.layers * config.hidden_size


@pytest.fixture
def speed(monkeypatch):
    """Make trials find a machine of so many flop a second."""

    def set_flops(flops):
        def measure(self, config):
            self._flops = flops
            self.seconds += 0.1

        monkeypatch.setattr(fitting.Trial, 'measure', measure)

    return set_flops


def test_the_ladder_goes_up():
    """More characters, of training or of the text, never mean a smaller model; nothing is left open."""
    for rungs in (GRUS, LSTMS):
        assert [rung.needs for rung in rungs] == sorted(rung.needs for rung in rungs)
        assert [rung.text for rung in rungs] == sorted(rung.text for rung in rungs)
    for texts, ends in (((1_000_000,), (1, 4, 15, 60, 400)), ((1_000, 10_000, 100_000, 1_000_000), (4,))):
        found = [fit(preset('fast', epochs=float(epochs)), ids(n), 60).config for n in texts for epochs in ends]
        assert all(config.fit == () for config in found)
        sizes = [size(config) for config in found]
        assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
        for layers in (1, 2):
            given = [
                fit(preset('fast', layers=layers, epochs=float(k)), ids(1_000_000), 60).config for k in range(1, 12)
            ]
            assert [size(config) for config in given] == sorted(map(size, given))
        rates = [config.learning_rate for config in found if config.cell == found[0].cell]
        assert rates == sorted(rates, reverse=True) and 0 < rates[0] <= 0.05


def test_layers_that_are_given():
    """They have their own rungs, which other numbers of layers do not take away."""
    for epochs, H, T in ((1, 128, 32), (3.95, 192, 32), (5, 256, 32), (6, 256, 64), (10, 320, 64)):
        config = fit(preset('fast', layers=2, epochs=float(epochs)), ids(1_000_000), 60).config
        assert (config.layers, config.hidden_size, config.seq_length) == (2, H, T)
    wide = fit(preset('fast', layers=1, epochs=10.0), ids(1_000_000), 60).config
    assert (wide.layers, wide.hidden_size) == (1, 320)


def test_the_cell():
    """An LSTM of long texts, at a rate that is too high for others; a given one has its own sizes and rate."""
    long, short = (fit(preset('fast', epochs=4.0), ids(n), 60).config for n in (500_000, 499_999))
    assert (long.cell, short.cell) == ('lstm', 'gru') and long.layers < short.layers
    gru, lstm = (fit(preset('fast', epochs=4.0, cell=cell), ids(n), 60).config for cell, n in CROSSED)
    assert (gru.cell, lstm.cell) == ('gru', 'lstm') and size(gru) == size(lstm) == size(short)
    assert lstm.learning_rate == 0.03 > 2 * short.learning_rate == 2 * gru.learning_rate


CROSSED = (('gru', 500_000), ('lstm', 499_999))


def test_more_epochs_more_dropout():
    dropouts = [fit(preset('fast', epochs=float(epochs)), ids(500_000), 60).config.dropout for epochs in (1, 20, 100)]
    assert dropouts == sorted(dropouts) and dropouts[0] < dropouts[-1]


def test_a_faster_machine_and_a_longer_time_mean_a_larger_model(speed):
    sizes = []
    for flops in (1e10, 1e11, 1e12):
        speed(flops)
        found = [fit(preset('fast', time=time), ids(1_000_000), 60) for time in (5.0, 50.0, 500.0)]
        assert all(one.seconds > 0 and one.speed > 0 for one in found)
        sizes.append([size(one.config) for one in found])
        assert sizes[-1] == sorted(sizes[-1])
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]


def test_a_short_text_is_not_read_more_often_than_pays(speed):
    """By time alone; an end that is given in epochs or iterations stays."""
    speed(1e10)
    short = fit(preset('fast', time=60.0), ids(1_500), 40).config
    assert short.epochs is not None and short.epochs < 50 and short.time == 60.0 and short.dropout >= 0.3
    for less in (0.5, 1.0):  # seconds; the cap holds where fewer are expected, or nothing is known
        assert fit(preset('fast', time=less), ids(40_000), 40).config.epochs == 16
    assert fit(preset('fast', time=60.0), ids(1_000_000), 60).config.epochs is None
    assert fit(preset('fast', epochs=500.0), ids(1_500), 40).config.epochs == 500.0
    assert fit(preset('fast', iterations=9), ids(1_500), 40).config.epochs is None


def test_without_a_time_nothing_depends_on_the_clock(monkeypatch):
    monkeypatch.setattr(fitting, 'make_engine', None)
    for end in ({'iterations': 100}, {'epochs': 2.0}, {'epochs': 2.0, 'time': 60.0}):
        found = fit(preset('fast', **end), ids(300_000), 60)
        assert found.speed is None and found.seconds == 0
    assert fit(preset('fast', time=0.5), ids(300_000), 60).seconds == 0  # no time for a trial


def test_what_is_given_stays():
    given = {'cell': 'lstm', 'layers': 3, 'hidden_size': 24, 'seq_length': 21, 'streams': 7, 'learning_rate': 0.5}
    given |= {'dropout': 0.25, 'epochs': 2.0}
    config = fit(preset('fast', **given), ids(200_000), 60).config
    assert {name: getattr(config, name) for name in given} == given
    for name, value in given.items():
        if name != 'epochs':
            config = fit(preset('fast', iterations=1000, **{name: value}), ids(200_000), 60).config
            assert getattr(config, name) == value and config.fit == ()
    alone = Config(engine='batched', iterations=1)
    assert fit(alone, ids(200), 60).config is alone


@pytest.mark.parametrize('streams', [4096, 5000])
def test_a_window_fits_the_streams_that_are_given(streams):
    """Whatever the model; it is the ladder's, or shorter, but what is given with it stays, and may be refused."""
    n = 200_704
    found = fit(preset('fast', streams=streams, epochs=100.0), ids(n), 60).config
    found.check_text(n, 60)
    assert found.streams == streams and found.hidden_size == 256 and 32 <= found.seq_length < 64
    given = fit(preset('fast', streams=streams, seq_length=20, epochs=100.0), ids(n), 60).config
    assert (given.streams, given.seq_length) == (streams, 20)
    with pytest.raises(ValueError, match='fewer --streams'):
        fit(preset('fast', streams=20_000, epochs=100.0), ids(n), 60)


def test_the_trial_counts(speed):
    """Its seconds are the run's, and a run is never over before it begins."""
    speed(1e9)
    text = ''.join(chr(97 + k) for k in np.random.RandomState(0).randint(26, size=3000))
    run = fastrnn.train(text, preset='fast', time=1.0, hidden_size=8, layers=1, seed=0)
    assert 0 < run.seconds <= 0.5 and not run.over
    assert run.horizon.cycle.since == run.seconds  # the warm-up begins after it
    assert run.horizon.rates(0, 1, run.seconds, 1e-3)[0] < 0.1 * run.config.learning_rate


def test_a_trial_measures():
    """A real one, of a small model, on a text that it leaves as it is."""
    read = ids(5_000)
    read.setflags(write=False)  # as a corpus is, and kernels for it are compiled
    trial, text = fitting.Trial(read, 60), preset('fast', hidden_size=16, layers=1, streams=4, iterations=1)
    trial.measure(text)
    assert trial.seconds > 0 and np.isfinite(trial.speed(text)) and trial.speed(text) > 0


@pytest.mark.parametrize('pace', [1e-5, 1e-4, 1e-2, 3.0])
def test_a_trial_ends_however_fast_or_slow_the_machine(monkeypatch, pace):
    """Iterations that are too short to wake a thread for one of them, too; two threads do half as many again."""
    clock, clocks_when_waited = Clock(pace), []
    monkeypatch.setattr(threads, 'time', clock)
    monkeypatch.setattr(fitting, 'time', clock)
    monkeypatch.setattr(fitting, 'make_engine', clock.make_engine)
    monkeypatch.setattr(fitting.compile_ahead, 'wait', lambda: clocks_when_waited.append(clock.perf_counter()))
    trial, config = fitting.Trial(ids(5_000), 60, 10.0), preset('fast', hidden_size=16, streams=4, iterations=1)
    trial.measure(config)
    assert clocks_when_waited == [0.0]  # for what is compiled meanwhile
    assert 0.04 <= trial.seconds < max(0.4, 5 * pace)
    assert trial.speed(config) == pytest.approx(4 * 32 / (pace if pace > 1 else pace / 1.5), rel=0.05)


class Clock:
    """Goes as an engine of so many seconds an iteration has it."""

    def __init__(self, pace):
        self._now, self._pace = 0.0, pace

    def perf_counter(self):
        return self._now

    def make_engine(self, *_):
        tuner = threads.ThreadTuner([1, 2])

        def work(block, team):
            if team.rank == 0:
                self._now += self._pace * (block.stop - block.start) / (1.5 if team.size == 2 else 1)

        class Engine:
            settled = property(lambda _: tuner.settled)
            close = staticmethod(tuner.close)

            def run(self, iterations):
                tuner.run(iterations, work)

        return Engine()


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
def test_what_can_not_be_trained_is_refused_before_a_trial(monkeypatch, text, options, problem):
    monkeypatch.setattr(fitting, 'make_engine', None)
    with pytest.raises(ValueError, match=f'^{problem}'):
        fastrnn.train(text, preset='fast', **options)


@pytest.mark.parametrize('value', ['both', ['hidden_sizes'], 'nothing at all', None, 5, [[]]])
def test_open_fields_have_names(value):
    with pytest.raises(ValueError, match=r'^fit is .* must be names of cell'):
        Config(engine='batched', fit=value)
    assert Config(engine='batched', fit='nothing').fit == ()  # as 0.1.0 wrote it
    assert Config(engine='batched', fit=list(OPEN)).fit == OPEN
