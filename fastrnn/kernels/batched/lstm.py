"""The LSTM cell, after PyTorch: gates and blocks i f g o. See ``cell.py``.

With a forget gate (Gers, Schmidhuber and Cummins 2000), without peepholes.
"""

from .cell import Cell
from .functions import fma, sigmoid1, tanh1


class Lstm(Cell):
    @staticmethod
    def activate(cell, H, Wh, Wx, b, bhn, blocks, h_before, c_before, h, c):
        """Two loops: a single one waits for tanh(c), after a long chain (AVX2, Zen 5: 1.5 ns per unit, not 1.9)."""
        for k in range(H):
            i = sigmoid1(Wh[0, k] + Wx[0, k] + b[0, k])
            f = sigmoid1(Wh[1, k] + Wx[1, k] + b[1, k])
            g = tanh1(Wh[2, k] + Wx[2, k] + b[2, k])
            o = sigmoid1(Wh[3, k] + Wx[3, k] + b[3, k])
            c[k] = fma(f, c_before[k], i * g)
            blocks[0, k], blocks[1, k], blocks[2, k], blocks[3, k] = i, f, g, o
        for k in range(H):
            h[k] = blocks[3, k] * tanh1(c[k])

    @staticmethod
    def differentiate(cell, H, blocks, dh, dh_next, direct, h_before, c_before, h, c):
        """direct is the gradient of c. tanh(c) is computed again, which is as fast as storing it."""
        one = h.dtype.type(1)
        for k in range(H):
            i, f, g, o = blocks[0, k], blocks[1, k], blocks[2, k], blocks[3, k]
            tanh_c, dhk = tanh1(c[k]), dh[k] + dh_next[k]
            dc = fma(dhk * o, fma(-tanh_c, tanh_c, one), direct[k])
            blocks[0, k] = dc * g * i * (one - i)
            blocks[1, k] = dc * c_before[k] * f * (one - f)
            blocks[2, k] = dc * i * fma(-g, g, one)
            blocks[3, k] = dhk * tanh_c * o * (one - o)
            direct[k] = dc * f
