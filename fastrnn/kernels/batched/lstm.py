"""The LSTM cell, after PyTorch: gates i f g o; c = f * c_before + i * g, h = o * tanh(c). See ``cell.py``.

With a forget gate (Gers, Schmidhuber and Cummins 2000), without peepholes.
"""

from numba.extending import overload

from ..jit import WITHIN
from . import cell as any_cell
from .functions import fma, sigmoid1, tanh1


class Lstm(any_cell.Cell):
    pass


@overload(any_cell.activate, jit_options=WITHIN)
def _activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
    if cell.instance_class is not Lstm:
        return None

    def activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
        Hp = h.size
        z0, z1, z2, z3 = z[:Hp], z[Hp : 2 * Hp], z[2 * Hp : 3 * Hp], z[3 * Hp :]
        x0, x1, x2, x3 = x[:H], x[stride:], x[2 * stride :], x[3 * stride :]
        b0, b1, b2, b3 = bias[:H], bias[H : 2 * H], bias[2 * H : 3 * H], bias[3 * H :]
        i_, f_, g_, o_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            i = sigmoid1(z0[k] + x0[k] + b0[k])
            f = sigmoid1(z1[k] + x1[k] + b1[k])
            g = tanh1(z2[k] + x2[k] + b2[k])
            o = sigmoid1(z3[k] + x3[k] + b3[k])
            memory = fma(f, c_before[k], i * g)
            i_[k] = i
            f_[k] = f
            g_[k] = g
            o_[k] = o
            c[k] = memory
            h[k] = o * tanh1(memory)

    return activate


@overload(any_cell.differentiate, jit_options=WITHIN)
def _differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    if cell.instance_class is not Lstm:
        return None

    def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
        """carry is the gradient of c; tanh(c) is computed again, which costs no more than to keep it."""
        Hp, one = h.size, h.dtype.type(1)
        i_, f_, g_, o_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            i, f = i_[k], f_[k]
            g, o = g_[k], o_[k]
            squashed = tanh1(c[k])
            dhk = dh[k] + dh_next[k]
            dc = fma(dhk * o, fma(-squashed, squashed, one), carry[k])
            i_[k] = dc * g * i * (one - i)
            f_[k] = dc * c_before[k] * f * (one - f)
            g_[k] = dc * i * fma(-g, g, one)
            o_[k] = dhk * squashed * o * (one - o)
            carry[k] = dc * f

    return differentiate
