"""The tanh cell: h = tanh(z + x + bias). See ``cell.py``."""

from numba.extending import overload

from ..jit import WITHIN
from . import cell as any_cell
from .functions import tanh1


class Rnn(any_cell.Cell):
    pass


@overload(any_cell.activate, jit_options=WITHIN)
def _activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
    if cell.instance_class is not Rnn:
        return None

    def activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
        for i in range(H):
            h[i] = tanh1(z[i] + x[i] + bias[i])

    return activate


@overload(any_cell.differentiate, jit_options=WITHIN)
def _differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    if cell.instance_class is not Rnn:
        return None

    def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
        one = h.dtype.type(1)
        for i in range(H):
            blocks[i] = (one - h[i] * h[i]) * (blocks[i] + dh_next[i])

    return differentiate
