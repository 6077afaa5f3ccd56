"""A model's numbers as a page holds them: base64 of little-endian float32, or of 8 bits with a scale a row."""

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.params import Params

MATRICES = ('WxhT', 'Wih', 'Whh', 'Why', 'ngrams')  # biases, which are few, stay float32
STEPS = 127  # of 8 bits, on each side of 0


def tensors(params: Params) -> dict[str, NDArray[Any]]:
    """What a page holds, by name. Of the rows of n-grams: those that are not 0 (half of them, after a short run).

    ``kept`` tells which, by a bit a row, lowest first, in words of the same size as float32.
    """
    if not params.architecture.ngrams:
        return params.by_name
    kept = params.rows.any(axis=1)
    bits = np.packbits(np.pad(kept, (0, -kept.size % 32)), bitorder='little')
    return {**params.by_name, 'kept': bits.view('<f4'), 'ngrams': params.rows[kept]}


def layout(params: Params, quantize: bool) -> list[dict[str, Any]]:
    """Of each tensor its name, rows and columns, and bits of a number; in the order in which they follow each other."""
    found = []
    for name, tensor in tensors(params).items():
        matrix = name in MATRICES
        cols = tensor.shape[-1] if matrix else tensor.size
        rows = tensor.size // cols if cols else 0
        found.append({'name': name, 'rows': rows, 'cols': cols, 'bits': 8 if matrix and quantize else 32})
    return found


def size_of_rows(count: int, V: int, quantize: bool) -> int:
    """Bytes that rows of n-grams take in a page."""
    return count * (V + 4 if quantize else 4 * V) * 4 // 3


def packed(params: Params, quantize: bool) -> str:
    """The numbers: of a tensor in 8 bits the rows' scales, then the rows, and zeros up to a multiple of four bytes."""
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
    """A copy, in float32, with the numbers that a page of 8 bits has."""
    rounded = params.astype(np.float32)
    for name, tensor in (*rounded.by_name.items(), ('ngrams', rounded.rows)):
        if name in MATRICES and tensor.size:
            scales, whole = _in_8_bits(tensor.reshape(-1, tensor.shape[-1]))
            tensor[...] = (whole * scales[:, None]).reshape(tensor.shape)
    return rounded


def _in_8_bits(rows: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Of each row the scale, by which its largest number is 127, and whole numbers to be multiplied by it."""
    scales = (np.abs(rows).max(axis=1, initial=0) / STEPS).astype(np.float32)
    divisors = np.where(scales > 0, scales, 1)[:, None]
    return scales, np.clip(np.rint(rows / divisors), -STEPS, STEPS).astype(np.int8)
