"""The GRU cell, after PyTorch: gates r z n; n = tanh(x_n + r * h_n), h = (1 - z) * n + z * h_before. See ``cell.py``.

After Cho et al. 2014, with r times the product rather than times h before it, as cuDNN has it too.
Blocks: the hidden side of n, r, z, the input side of n.
"""

from numba.extending import overload

from ..jit import OPTIONS
from . import cell as any_cell
from .apart import load, store
from .functions import fma, sigmoid1, tanh1


class Gru(any_cell.Cell):
    pass


@overload(any_cell.activate, jit_options=OPTIONS, inline='always')
def _activate(cell, H, z, bias, bias_own, blocks, h_before, c_before, h, c):
    if cell.instance_class is not Gru:
        return None

    def activate(cell, H, z, bias, bias_own, blocks, h_before, c_before, h, c):
        Hp, one = h.size, h.dtype.type(1)
        z0, z1, z2, z3 = z[:Hp], z[Hp : 2 * Hp], z[2 * Hp : 3 * Hp], z[3 * Hp :]
        b1, b2, b3 = bias[:H], bias[H : 2 * H], bias[2 * H :]
        q_, r_, z_, n_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            q = load('in', z0, k) + load('in', bias_own, k)
            r = sigmoid1(load('in', z1, k) + load('in', b1, k))
            update = sigmoid1(load('in', z2, k) + load('in', b2, k))
            n = tanh1(fma(r, q, load('in', z3, k) + load('in', b3, k)))
            store('block 0', q_, k, q)
            store('block 1', r_, k, r)
            store('block 2', z_, k, update)
            store('block 3', n_, k, n)
            store('h', h, k, fma(update, load('h', h_before, k), (one - update) * n))

    return activate


@overload(any_cell.differentiate, jit_options=OPTIONS, inline='always')
def _differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    if cell.instance_class is not Gru:
        return None

    def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
        """carry is what z hands on to the step before."""
        Hp, one = h.size, h.dtype.type(1)
        q_, r_, z_, n_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            q, r = load('block 0', q_, k), load('block 1', r_, k)
            update, n = load('block 2', z_, k), load('block 3', n_, k)
            dhk = load('in', dh, k) + load('in', dh_next, k) + load('carry', carry, k)
            dn = dhk * (one - update) * fma(-n, n, one)
            store('block 0', q_, k, dn * r)
            store('block 1', r_, k, dn * q * r * (one - r))
            store('block 2', z_, k, dhk * (load('h', h_before, k) - n) * update * (one - update))
            store('block 3', n_, k, dn)
            store('carry', carry, k, dhk * update)

    return differentiate
