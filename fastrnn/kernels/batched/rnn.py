"""The tanh cell. See ``cell.py``."""

from .cell import Cell
from .functions import tanh1


class Rnn(Cell):
    @staticmethod
    def activate(cell, H, Wh, Wx, b, bhn, blocks, h_before, c_before, h, c):
        for k in range(H):
            h[k] = tanh1(Wh[0, k] + Wx[0, k] + b[0, k])

    @staticmethod
    def differentiate(cell, H, blocks, dh, dh_next, direct, h_before, c_before, h, c):
        one = h.dtype.type(1)
        for k in range(H):
            blocks[0, k] = (one - h[k] * h[k]) * (blocks[0, k] + dh_next[k])
