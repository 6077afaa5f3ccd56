"""The GRU cell, after PyTorch: gates r z n; n = tanh(x_n + r * h_n), h = (1 - z) * n + z * h_before. See ``cell.py``.

After Cho et al. 2014, with r times the product rather than times h before it, as cuDNN has it too.
Blocks: the hidden side of n, r, z, the input side of n.
"""

from numba.extending import overload

from ..jit import WITHIN
from . import cell as any_cell
from .functions import fma, sigmoid1, tanh1


class Gru(any_cell.Cell):
    pass


@overload(any_cell.activate, jit_options=WITHIN)
def _activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
    if cell.instance_class is not Gru:
        return None

    def activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
        Hp, one = h.size, h.dtype.type(1)
        z0, z1, z2 = z[:Hp], z[Hp : 2 * Hp], z[2 * Hp :]
        x1, x2, x3 = x[:H], x[stride:], x[2 * stride :]
        b1, b2, b3 = bias[:H], bias[H : 2 * H], bias[2 * H :]
        q_, r_, z_, n_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            q = z0[k] + bias_own[k]
            r = sigmoid1(z1[k] + x1[k] + b1[k])
            update = sigmoid1(z2[k] + x2[k] + b2[k])
            n = tanh1(fma(r, q, x3[k] + b3[k]))
            q_[k] = q
            r_[k] = r
            z_[k] = update
            n_[k] = n
            h[k] = fma(update, h_before[k], (one - update) * n)

    return activate


@overload(any_cell.differentiate, jit_options=WITHIN)
def _differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    if cell.instance_class is not Gru:
        return None

    def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
        """carry is what z hands on to the step before."""
        Hp, one = h.size, h.dtype.type(1)
        q_, r_, z_, n_ = blocks[:Hp], blocks[Hp : 2 * Hp], blocks[2 * Hp : 3 * Hp], blocks[3 * Hp :]
        for k in range(H):
            q, r = q_[k], r_[k]
            update, n = z_[k], n_[k]
            dhk = dh[k] + dh_next[k] + carry[k]
            dn = dhk * (one - update) * fma(-n, n, one)
            q_[k] = dn * r
            r_[k] = dn * q * r * (one - r)
            z_[k] = dhk * (h_before[k] - n) * update * (one - update)
            n_[k] = dn
            carry[k] = dhk * update

    return differentiate
