"""Bits per character of a text, and the three simple models."""

import lzma
import math
from dataclasses import replace

import cell_oracles
import numpy as np
import pytest
from helpers import gist_arrays
from models import MANY_KINDS

import fastrnn
from fastrnn import reference
from fastrnn.data import files, stored
from fastrnn.inference import evaluate as evaluation
from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.model.model import Model

V, H = 9, 14
IDS = np.random.default_rng(1).integers(0, V, 700).astype(np.uint8)
IDS.flags.writeable = False  # as the ids of a corpus are


def some_params(dtype='float64'):
    params = scaled(Architecture('rnn', 1, H, V), np.random.RandomState(0))
    return params.astype(dtype)


@pytest.mark.parametrize(('dtype', 'rtol'), [('float64', 1e-9), ('float32', 1e-3)])
def test_surprisals_carry_the_state_through_the_text(dtype, rtol):
    """One state from the first character to the last."""
    params = some_params(dtype)
    loss = reference.lossFun(IDS[:-1], IDS[1:], np.zeros((H, 1)), gist_arrays(params))[0]
    surprisals = evaluation.nats(params, IDS)
    assert surprisals.shape == (IDS.size - 1,)
    assert surprisals.sum() == pytest.approx(loss, rel=rtol)


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS[::2])
@pytest.mark.parametrize('window', [1, 7, 64, 65, 256, 699, 700, 10**18])
def test_windows_are_read_from_zero_states(cell, layers, window):
    """As a plain loop does; the last window may be shorter."""
    params = scaled(Architecture(cell, layers, H, V), np.random.RandomState(0))
    model, n = cell_oracles.from_params(params), IDS.size - 1
    parts = [IDS[k : min(k + window, n) + 1] for k in range(0, n, window)]
    expected = np.concatenate([cell_oracles.nats(cell, model, part)[0] for part in parts])
    found = np.empty(n)
    for at, values in evaluation.slices(params, IDS, window=window):
        found[at] = values
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert evaluation.bits(params, IDS, window) == pytest.approx(expected.mean() / math.log(2))


def test_evaluate():
    """Bits per byte count the text's bytes in UTF-8; every figure is of the same text."""
    chars = 'abcdefgh\u00e9'
    text = ''.join(chars[ix] for ix in IDS)
    result = fastrnn.evaluate(Model(some_params(), chars), text)
    ratio = (len(text.encode()) - len(text[0].encode())) / (IDS.size - 1)
    assert result.bits_per_byte == pytest.approx(result.bits_per_character / ratio)
    assert result.perplexity == pytest.approx(2**result.bits_per_character)
    assert result.order0 <= math.log2(V)
    by_window = fastrnn.evaluate(Model(some_params(), chars), text, window=100)
    assert by_window.bits_per_character == evaluation.bits(some_params(), IDS, 100) != result.bits_per_character
    assert (by_window.xz, by_window.characters) == (result.xz, result.characters)


def test_unknown_characters_are_skipped():
    """All figures are of the text without unknown characters; their number is reported."""
    chars = 'abcdefgh\u00e9'
    text = ''.join(chars[ix] for ix in IDS)
    model, strange = Model(some_params(), chars), f'x{text[:100]}yy{text[100:]}'
    result, plain = fastrnn.evaluate(model, strange, skip_unknown=True), fastrnn.evaluate(model, text)
    assert replace(result, skipped=0, skipped_kinds=0, skipped_share=0.0) == plain
    assert (result.skipped, result.skipped_kinds, result.skipped_share) == (3, 2, 3 / 703)
    with pytest.raises(
        ValueError, match=r'^3 of 703 characters \(0\.43 %\) .*skip_unknown.* y \(U\+0079\) 2 times, x '
    ):
        fastrnn.evaluate(model, strange)
    with pytest.raises(ValueError, match=r"^the model knows 1 of the text's 9 characters and needs at least two"):
        fastrnn.evaluate(model, 'xyzaxyzxy', skip_unknown=True)


def test_baselines():
    """Known answers: a fair coin has one bit; an order-2 model predicts a repeating text almost perfectly."""
    assert evaluation.order0(np.array([0, 1] * 50)) == pytest.approx(1.0)
    assert evaluation.order2(np.tile(np.arange(5), 1000)) < 0.05
    coin = np.random.default_rng(2).integers(0, 2, 20000)
    assert evaluation.order2(coin) == pytest.approx(1.0, abs=0.01)
    assert evaluation.seen_before(np.array([3, 1, 3, 3, 1])).tolist() == [0, 0, 1, 2, 1]


def test_one_character_is_refused():
    with pytest.raises(ValueError, match='one character'):
        evaluation.nats(some_params(), IDS[:1])


@pytest.mark.parametrize('compared', [2, 100, 699])
@pytest.mark.parametrize('window', [None, 64])
def test_simple_models_see_the_first_part_of_a_long_text(monkeypatch, compared, window):
    """The model's figure for the same part is reported too; all others are of the whole text."""
    chars = 'abcdefgh\u00e9'
    text, model = ''.join(chars[ix] for ix in IDS), Model(some_params(), chars)
    whole = fastrnn.evaluate(model, text, window=window)
    assert (whole.compared, whole.compared_bits_per_character) == (IDS.size, whole.bits_per_character)
    monkeypatch.setattr(evaluation, 'COMPARED', compared)
    result = fastrnn.evaluate(model, text, window=window)
    assert (result.characters, result.bits_per_character) == (IDS.size - 1, whole.bits_per_character)
    first = fastrnn.evaluate(model, text[:compared], window=window)
    assert result.compared == compared
    assert result.compared_bits_per_character == pytest.approx(first.bits_per_character)
    assert (result.order0, result.order2, result.xz) == (first.order0, first.order2, first.xz)


def test_a_text_of_any_length_needs_no_more_memory(monkeypatch):
    """Its ids stay in a file and are read in parts."""
    chars = 'abcdefgh\u00e9'
    text, model = ''.join(chars[ix] for ix in IDS), Model(some_params(), chars)
    expected = fastrnn.evaluate(model, 'x' + text, skip_unknown=True)
    monkeypatch.setattr(stored, 'IN_MEMORY', 100)
    monkeypatch.setattr(evaluation, 'COMPARED', 200)
    sizes = []
    for place in (evaluation, files):
        monkeypatch.setattr(place, 'CHUNK', 64)
    read = stored.StoredIds.__getitem__
    monkeypatch.setattr(
        stored.StoredIds, '__getitem__', lambda self, key: (found := read(self, key), sizes.append(found.size))[0]
    )
    monkeypatch.setattr(stored.StoredIds, '__array__', None)
    monkeypatch.setattr('fastrnn.inference.scorer.SLICE', (128, 1e12))
    found = fastrnn.evaluate(model, 'x' + text, skip_unknown=True)
    assert found.bits_per_byte == expected.bits_per_byte and found.characters == IDS.size - 1
    assert max(sizes) == 200


def test_progress_and_interrupts():
    """The share grows to 1; an exception of a signal handler ends the evaluation at once."""
    model, shares = Model(some_params(), 'abcdefghi'), []
    encoded = model.vocabulary.encode_known(''.join('abcdefghi'[ix] for ix in IDS) * 200)
    evaluation.measure(model, encoded, follow=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 1

    def interrupt(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluation.measure(model, encoded, follow=interrupt)


def test_xz_in_steps(monkeypatch):
    """The same size as in one call, with interrupts handled between steps."""
    data, steps = IDS.tobytes() * 9 + bytes(range(256)), []
    whole = len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))
    compressor = lzma.LZMACompressor

    class Counted:
        def __init__(self, **options):
            self._inner = compressor(**options)

        def compress(self, part):
            steps.append(len(part))
            return self._inner.compress(part)

        def flush(self):
            return self._inner.flush()

    monkeypatch.setattr(lzma, 'LZMACompressor', Counted)
    monkeypatch.setattr(evaluation, 'STEP', 1000)
    assert evaluation.xz_size(data) == whole
    assert max(steps) == 1000 and sum(steps) == len(data)
