"""Weights in a page: float32, or 8 bits."""

from base64 import b64decode

import numpy as np
import pytest
from models import MANY_KINDS, some_model

from fastrnn.pages.player_weights import layout, packed, quantized, size_of_rows


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_float32(cell, layers):
    """Tensors follow each other in the order of the flat buffer."""
    params = some_model(dtype='float64', cell=cell, layers=layers).params
    there = np.frombuffer(b64decode(packed(params, False)), '<f4')
    assert np.array_equal(there, params.flat.astype(np.float32))
    sizes = [tensor['rows'] * tensor['cols'] for tensor in layout(params, False)]
    assert sizes == [*params.architecture.sizes.values()]


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_8_bits(cell, layers):
    """Each row's largest integer is 127; errors are at most half a step; biases are unchanged."""
    params = some_model(dtype='float32', cell=cell, layers=layers).params
    params.Why[3] = 0
    data, at, rounded = b64decode(packed(params, True)), 0, quantized(params)
    for tensor in layout(params, True):
        name, rows, cols = (tensor[key] for key in ('name', 'rows', 'cols'))
        if tensor['bits'] == 32:
            assert np.array_equal(rounded.by_name[name], params.by_name[name])
            at += 4 * rows * cols
            continue
        scales = np.frombuffer(data, '<f4', rows, at)
        whole = np.frombuffer(data, np.int8, rows * cols, at + 4 * rows).reshape(rows, cols)
        at += 4 * rows + -(-rows * cols // 4) * 4
        true, found = (one.by_name[name].reshape(rows, cols) for one in (params, rounded))
        assert np.array_equal(whole * scales[:, None], found)
        assert (abs(found - true) <= 0.5001 * scales[:, None]).all()
        assert all(
            row == 127 or not scale for row, scale in zip(abs(whole).max(axis=1, initial=0), scales, strict=True)
        )
    assert at == len(data) < 0.4 * 4 * params.flat.size


@pytest.mark.parametrize('quantize', [False, True])
def test_rows_of_n_grams(quantize):
    """Only non-zero rows are stored, after one bit per row; in 8 bits errors are at most half a step."""
    params = some_model(dtype='float32', ngrams=4, ngram_rows=21).params
    params.rows[3:60] = 0
    names = [tensor['name'] for tensor in layout(params, quantize)]
    assert names == [*params.by_name, 'kept', 'ngrams']
    data, rounded = b64decode(packed(params, quantize)), quantized(params)
    size = 6 * (4 + params.V) + 2 if quantize else 6 * 4 * params.V
    bits = np.unpackbits(np.frombuffer(data, np.uint8, 8, len(data) - size - 8), bitorder='little')
    assert np.flatnonzero(bits).tolist() == [0, 1, 2, 60, 61, 62]
    kept = params.rows[[0, 1, 2, 60, 61, 62]].astype('f4')
    if quantize:
        scales = np.frombuffer(data, '<f4', 6, len(data) - size)
        whole = np.frombuffer(data, np.int8, kept.size, len(data) - size + 24).reshape(kept.shape)
        assert np.array_equal(whole * scales[:, None], rounded.rows[[0, 1, 2, 60, 61, 62]])
        assert not rounded.rows[3:60].any()
        assert (abs(rounded.rows - params.rows).max(axis=1)[[0, 1, 2, 60, 61, 62]] <= 0.5001 * scales).all()
    else:
        assert data[-size:] == kept.tobytes()
    assert 0 <= size * 4 // 3 - size_of_rows(6, params.V, quantize) < 4


def test_rows_of_n_grams_that_are_all_0():
    params = some_model(ngrams=3, ngram_rows=100).params
    params.rows[:] = 0
    assert len(b64decode(packed(params, False))) == 4 * params.flat.size + 28
    assert not quantized(params).rows.any()
