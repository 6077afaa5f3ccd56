"""Numbers in a page: as they are, or in 8 bits."""

from base64 import b64decode

import numpy as np
import pytest
from models import MANY_KINDS, some_model

from fastrnn.pages.player_weights import layout, packed, quantized


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_float32(cell, layers):
    """One after the other, in the order of the flat buffer."""
    params = some_model(dtype='float64', cell=cell, layers=layers).params
    there = np.frombuffer(b64decode(packed(params, False)), '<f4')
    assert np.array_equal(there, params.flat.astype(np.float32))
    sizes = [tensor['rows'] * tensor['cols'] for tensor in layout(params.architecture, False)]
    assert sizes == [*params.architecture.sizes.values()]


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_8_bits(cell, layers):
    """Each row's largest number is 127; none is off by more than half a step; biases are as they were."""
    params = some_model(dtype='float32', cell=cell, layers=layers).params
    params.Why[3] = 0
    data, at, rounded = b64decode(packed(params, True)), 0, quantized(params)
    for tensor in layout(params.architecture, True):
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
