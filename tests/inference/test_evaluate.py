"""Bits per character of a text, the baselines beside it, schedules, and models on disk."""

import math

import numpy as np
import pytest
from helpers import gist_arrays

import fastrnn
from fastrnn import reference
from fastrnn.inference import evaluate as evaluation
from fastrnn.model.checkpoint import Model, load_model, save_model
from fastrnn.model.params import Params
from fastrnn.settings.config import Config
from fastrnn.training.schedule import FINAL, Horizon

V, H = 9, 14
IDS = np.random.default_rng(1).integers(0, V, 700).astype(np.uint8)
IDS.flags.writeable = False  # as a corpus has them


def some_params(dtype='float64'):
    params = Params.scaled(H, V, np.random.RandomState(0))
    return params.astype(dtype)


@pytest.mark.parametrize(('dtype', 'rtol'), [('float64', 1e-9), ('float32', 1e-3)])
def test_surprisals_carry_the_state_through_the_text(dtype, rtol):
    """One state from the first character to the last, whatever the windows."""
    params = some_params(dtype)
    loss = reference.lossFun(IDS[:-1], IDS[1:], np.zeros((H, 1)), gist_arrays(params))[0]
    surprisals = evaluation.nats(params, IDS)
    assert surprisals.shape == (IDS.size - 1,)
    assert surprisals.sum() == pytest.approx(loss, rel=rtol)


def test_evaluate():
    """Bits per byte count the bytes of the text in UTF-8; every figure is of the same text."""
    chars = 'abcdefgh\u00e9'
    text = ''.join(chars[ix] for ix in IDS)
    result = fastrnn.evaluate(Model(some_params(), chars), text)
    ratio = (len(text.encode()) - len(text[0].encode())) / (IDS.size - 1)
    assert result.bits_per_byte == pytest.approx(result.bits_per_character / ratio)
    assert result.perplexity == pytest.approx(2**result.bits_per_character)
    assert result.order0 <= math.log2(V)


def test_baselines():
    """Known answers: a fair coin has one bit; a text that repeats costs an order-2 model next to nothing."""
    assert evaluation.order0(np.array([0, 1] * 50)) == pytest.approx(1.0)
    assert evaluation.order2(np.tile(np.arange(5), 1000)) < 0.05
    coin = np.random.default_rng(2).integers(0, 2, 20000)
    assert evaluation.order2(coin) == pytest.approx(1.0, abs=0.01)
    assert evaluation.seen_before(np.array([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]


def test_one_character_is_refused():
    with pytest.raises(ValueError, match='one character'):
        evaluation.nats(some_params(), IDS[:1])


def fast(**options):
    return Config(**{'engine': 'fast', 'learning_rate': 1.0, 'seq_length': 10, **options})


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
    [('constant', [1, 1, 1]), ('cosine', [1, (1 + FINAL) / 2, FINAL]), ('step', [1, 1 / 3, 1 / 27])],
)
def test_schedules(schedule, expected):
    horizon = Horizon(fast(schedule=schedule, iterations=100), 1000)
    rates = [horizon.rates(n, 1, 0.0, 0.0)[0] for n in (0, 50, 100)]
    np.testing.assert_allclose(rates, expected)


def test_warmup_rises():
    rates = Horizon(fast(iterations=100, warmup=0.1), 1000).rates(0, 12, 0.0, 0.0)
    assert (np.diff(rates[:10]) > 0).all()
    assert rates[0] < 0.05
    assert rates[11] == 1


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_a_model_comes_back_from_disk(tmp_path, dtype):
    """Weights under their names in the gist's shapes, and the vocabulary; another file is replaced as a whole."""
    path, params = tmp_path / 'model.safetensors', some_params(dtype)
    path.write_text('something else')
    save_model(path, Model(params, '\n abcdeé\u4e2d'))
    loaded = load_model(path)
    assert loaded.chars == '\n abcdeé\u4e2d'
    assert loaded.params.flat.dtype == dtype
    assert np.array_equal(loaded.params.flat, params.flat)
    assert [file.name for file in tmp_path.iterdir()] == ['model.safetensors']


def test_a_failed_write_leaves_the_old_model(tmp_path, monkeypatch):
    path = tmp_path / 'model.safetensors'
    save_model(path, Model(some_params(), 'a' * V))
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(OSError, match='No space'):
        save_model(path, Model(some_params('float32'), 'b' * V))
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    params = some_params()
    params.bh[0] = np.nan
    with pytest.raises(ValueError, match='inf or NaN'):
        save_model(tmp_path / 'model', Model(params, 'a' * V))


def test_files_that_are_no_models(tmp_path):
    """Missing, empty, garbage, cut off: one line of ValueError each."""
    path = tmp_path / 'model'
    save_model(path, Model(some_params(), 'abcdefghi'))
    data = path.read_bytes()
    for content in (None, b'', b'garbage', data[: len(data) // 2], data[:20]):
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(ValueError, match='model') as caught:
            load_model(path)
        assert '\n' not in str(caught.value)
