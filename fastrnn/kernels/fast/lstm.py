"""The LSTM cell, after PyTorch: gates i f g o; c = f * c_before + i * g, h = o * tanh(c). See ``cell.py``.

With a forget gate (Gers, Schmidhuber and Cummins 2000), without peepholes.
"""

from numba.extending import overload

from ..jit import OPTIONS
from . import cell as any_cell
from .apart import load, store
from .functions import fma, sigmoid1, tanh1


class Lstm(any_cell.Cell):
    pass


@overload(any_cell.activate, jit_options=OPTIONS, inline='always')
def _activate(cell, H, z, bias, bias_own, blocks, h_before, c_before, h, c):
    if cell.instance_class is not Lstm:
        return None

    def activate(cell, H, z, bias, bias_own, blocks, h_before, c_before, h, c):
        Hp = h.size
        z0, z1, z2, z3 = z[:Hp], z[Hp : 2 * Hp], z[2 * Hp : 3 * Hp], z[3 * Hp :]
        b0, b1, b2, b3 = bias[:H], bias[H : 2 * H], bias[2 * H : 3 * H], bias[3 * H :]
        i_, f_, g_, o_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            i = sigmoid1(load('in', z0, k) + load('in', b0, k))
            f = sigmoid1(load('in', z1, k) + load('in', b1, k))
            g = tanh1(load('in', z2, k) + load('in', b2, k))
            o = sigmoid1(load('in', z3, k) + load('in', b3, k))
            memory = fma(f, load('c', c_before, k), i * g)
            store('block 0', i_, k, i)
            store('block 1', f_, k, f)
            store('block 2', g_, k, g)
            store('block 3', o_, k, o)
            store('c', c, k, memory)
            store('h', h, k, o * tanh1(memory))

    return activate


@overload(any_cell.differentiate, jit_options=OPTIONS, inline='always')
def _differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    if cell.instance_class is not Lstm:
        return None

    def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
        """carry is the gradient of c; tanh(c) is computed again, which costs no more than to keep it."""
        Hp, one = h.size, h.dtype.type(1)
        i_, f_, g_, o_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            i, f = load('block 0', i_, k), load('block 1', f_, k)
            g, o = load('block 2', g_, k), load('block 3', o_, k)
            squashed = tanh1(load('c', c, k))
            dhk = load('in', dh, k) + load('in', dh_next, k)
            dc = fma(dhk * o, fma(-squashed, squashed, one), load('carry', carry, k))
            store('block 0', i_, k, dc * g * i * (one - i))
            store('block 1', f_, k, dc * load('c', c_before, k) * f * (one - f))
            store('block 2', g_, k, dc * i * fma(-g, g, one))
            store('block 3', o_, k, dhk * squashed * o * (one - o))
            store('carry', carry, k, dc * f)

    return differentiate
