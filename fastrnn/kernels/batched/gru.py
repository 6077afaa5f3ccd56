"""The GRU cell, after PyTorch: gates r z n; blocks: the hidden side of n, r, z, the input side of n. See ``cell.py``.

After Cho et al. 2014, but r multiplies the product with h and not h itself, as in cuDNN.
"""

from .cell import Cell
from .functions import fma, sigmoid1, tanh1


class Gru(Cell):
    @staticmethod
    def activate(cell, H, Wh, Wx, b, bhn, blocks, h_before, c_before, h, c):
        """Two loops: a single one waits for n, the end of a long chain (AVX2, Zen 5: 1.1 ns per unit, not 1.3)."""
        one = h.dtype.type(1)
        for k in range(H):
            blocks[0, k] = Wh[0, k] + bhn[k]
            blocks[1, k] = sigmoid1(Wh[1, k] + Wx[0, k] + b[0, k])
            blocks[2, k] = sigmoid1(Wh[2, k] + Wx[1, k] + b[1, k])
        for k in range(H):
            q, r, z = blocks[0, k], blocks[1, k], blocks[2, k]
            n = tanh1(fma(r, q, Wx[2, k] + b[2, k]))
            h[k] = fma(z, h_before[k], (one - z) * n)
            blocks[3, k] = n

    @staticmethod
    def differentiate(cell, H, blocks, dh, dh_next, direct, h_before, c_before, h, c):
        """direct is the gradient of h through z."""
        one = h.dtype.type(1)
        for k in range(H):
            q, r, z, n = blocks[0, k], blocks[1, k], blocks[2, k], blocks[3, k]
            dhk = dh[k] + dh_next[k] + direct[k]
            dn = dhk * (one - z) * fma(-n, n, one)
            blocks[0, k] = dn * r
            blocks[1, k] = dn * q * r * (one - r)
            blocks[2, k] = dhk * (h_before[k] - n) * z * (one - z)
            blocks[3, k] = dn
            direct[k] = dhk * z
