"""A cell: what the other kernels do not know of it, for one stream and one step of time.

Which one it is, is chosen by the type of ``cell``, when a kernel is compiled: ``rnn.py``, ``gru.py`` and ``lstm.py``
each have a NamedTuple and the two functions for it, so that a call is direct, and one cell is compiled.

A cell has G gates, and S blocks of Hp numbers that a step keeps (one after the other in a row). The blocks up to G are
the hidden side, which the products with h before take part in, the last G the input side. For G = S that is the same;
a GRU's last gate has a block on either side. So, with ``own`` = S - G, gate g is block (g + own) % G of the hidden
side, block g + own of the input side.
"""

from typing import NamedTuple


class Cell(NamedTuple):
    gates: int  # G
    blocks: int  # S


def activate(cell, H, z, x, stride, bias, bias_own, blocks, h_before, c_before, h, c):
    """States h (Hp,) and, where the cell has one, c, from those before.

    z (G*Hp,): the hidden side, by blocks. x: the input side, gates, each ``stride`` after the one before. bias (G*H,):
    of the gates; bias_own (own*H,): of the hidden side of those that have one. What the way back needs is left in
    blocks (S*Hp,).
    """


def differentiate(cell, H, blocks, dh, dh_next, carry, h_before, c_before, h, c):
    """blocks (S*Hp,) of a step become the gradient of z; carry (Hp,) is what reaches the step before by itself.

    dh (Hp,) is the gradient of h from above, dh_next that from the step after, by the product with Whh. A cell of one
    block finds dh in it: a buffer less that goes through the caches.
    """
