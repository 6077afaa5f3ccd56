"""A model's weights in a page: base64 of little-endian float32, or of 8 bits with one scale per row."""

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.params import Params

MATRICES = ('WxhT', 'Wih', 'Whh', 'Why', 'ngrams')  # biases are few and stay float32
STEPS = 127  # largest absolute value in 8 bits


def tensors(params: Params) -> dict[str, NDArray[Any]]:
    """The tensors of a page, by name. Only non-zero rows of the n-gram table are stored (half, after a short run).

    ``kept`` has one bit per row of the table, lowest bit first, viewed as float32: 1 if the row is stored.
    """
    if not params.architecture.ngrams:
        return params.by_name
    kept = params.rows.any(axis=1)
    bits = np.packbits(np.pad(kept, (0, -kept.size % 32)), bitorder='little')
    return {**params.by_name, 'kept': bits.view('<f4'), 'ngrams': params.rows[kept]}


def layout(params: Params, quantize: bool) -> list[dict[str, Any]]:
    """Name, rows, columns and bits per number of each tensor, in the order in which the page stores them."""
    found = []
    for name, tensor in tensors(params).items():
        matrix = name in MATRICES
        cols = tensor.shape[-1] if matrix else tensor.size
        rows = tensor.size // cols if cols else 0
        found.append({'name': name, 'rows': rows, 'cols': cols, 'bits': 8 if matrix and quantize else 32})
    return found


def size_of_rows(count: int, V: int, quantize: bool) -> int:
    """Bytes of a page that ``count`` rows of the n-gram table take."""
    return count * (V + 4 if quantize else 4 * V) * 4 // 3


def packed(params: Params, quantize: bool) -> str:
    """The weights in base64. A tensor in 8 bits has its rows' scales, its rows, and zeros up to a multiple of 4."""
    parts, there = [], tensors(params)
    for tensor in layout(params, quantize):
        rows = there[tensor['name']].reshape(tensor['rows'], tensor['cols'])
        if tensor['bits'] == 32:
            parts.append(rows.astype('<f4').tobytes())
        else:
            scales, whole = _in_8_bits(rows)
            data = whole.tobytes()
            parts += [scales.astype('<f4').tobytes(), data, bytes(-len(data) % 4)]
    return b64encode(b''.join(parts)).decode('ascii')


def quantized(params: Params) -> Params:
    """A float32 copy of the parameters, rounded as in a page of 8 bits."""
    rounded = params.astype(np.float32)
    for name, tensor in (*rounded.by_name.items(), ('ngrams', rounded.rows)):
        if name in MATRICES and tensor.size:
            scales, whole = _in_8_bits(tensor.reshape(-1, tensor.shape[-1]))
            tensor[...] = (whole * scales[:, None]).reshape(tensor.shape)
    return rounded


def _in_8_bits(rows: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Scales, one per row, and integers; their product approximates the row, whose largest integer is 127."""
    scales = (np.abs(rows).max(axis=1, initial=0) / STEPS).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1)[:, None]
    return scales, np.clip(np.rint(rows / divisors), -STEPS, STEPS).astype(np.int8)
