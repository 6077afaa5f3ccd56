"""The end of a run, and the learning rate until then."""

import numpy as np
import pytest

from fastrnn.settings.config import Config
from fastrnn.training.schedule import FINAL, Horizon, cos_pi


def fast(**options):
    return Config(**{'engine': 'batched', 'learning_rate': 1.0, 'seq_length': 10, **options})


def test_horizon():
    """The first end that comes, by iterations, epochs or seconds."""
    horizon = Horizon(fast(epochs=2, iterations=50, time=4.0), 100)
    assert horizon.iterations_per_epoch == 9
    assert horizon.iterations == 18
    assert not horizon.over(17, 3.9)
    assert horizon.over(18, 0.0)
    assert horizon.over(0, 4.0)
    assert horizon.share(9, 3.0) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ('schedule', 'expected'),
    [
        ('constant', [1, 1, 1, 1]),
        ('cosine', [1, (1 + FINAL) / 2, FINAL + (1 - FINAL) * (1 + np.cos(0.9 * np.pi)) / 2, FINAL]),
        ('step', [1, 1 / 3, 1 / 27, 1 / 27]),
        ('linear', [1, 0.5, 0.1, 0]),
        ('wsd', [1, 1, 0.5, 0]),
    ],
)
def test_schedules(schedule, expected):
    horizon = Horizon(fast(schedule=schedule, iterations=100), 1000)
    rates = [horizon.rates(n, 1, 0.0, 0.0)[0] for n in (0, 50, 90, 100)]
    np.testing.assert_allclose(rates, expected, atol=1e-15)


def test_cosine():
    """Own arithmetic, which is the same everywhere; no more than 1, or a learning rate would pass its own."""
    shares = np.linspace(0, 1, 1001)
    np.testing.assert_allclose([cos_pi(x) for x in shares], np.cos(np.pi * shares), atol=1e-15)
    assert cos_pi(0.0) == 1.0 and max(cos_pi(x) for x in shares) == 1.0


def test_warmup_rises():
    rates = Horizon(fast(iterations=100, warmup=0.1), 1000).rates(0, 12, 0.0, 0.0)
    assert (np.diff(rates[:10]) > 0).all()
    assert rates[0] < 0.05
    assert rates[11] == 1


@pytest.mark.parametrize('schedule', ['cosine', 'linear', 'wsd'])
def test_no_rate_is_beyond_its_neighbours(schedule):
    """A schedule begins where the warm-up ends, however late, and falls from there on."""
    rates = Horizon(fast(schedule=schedule, iterations=100, warmup=0.9), 1000).rates(0, 101, 0.0, 0.0)
    assert (np.diff(rates[:91]) > 0).all() and rates[90] == pytest.approx(1)
    assert (np.diff(rates[90:]) <= 0).all() and rates[100] == pytest.approx(FINAL if schedule == 'cosine' else 0)


def test_by_time():
    """The same, by seconds: from where the schedule began to where it ends."""
    config = Config(engine='batched', schedule='cosine', time=20.0, planned=(0, 0.0, None, 10.0))
    assert Horizon(config, 1000).rates(5, 3, 10.0, 1.0) == pytest.approx([0.1 * FINAL] * 3)
    config = Config(engine='batched', schedule='cosine', time=20.0, planned=(7, 10.0, None, None))
    assert Horizon(config, 1000).rates(7, 2, 10.0, 10.0) == pytest.approx([0.1, 0.1 * FINAL])
