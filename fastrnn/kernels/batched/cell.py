"""The interface of a cell: one step of one stream, forward and backward. Other kernels are independent of cells.

A cell is a class with two static methods, ``activate`` and ``differentiate``, with the arguments of the functions here.
Kernels call these functions; the type of ``cell`` selects the methods when a kernel is compiled. So calls are direct,
and only one cell is compiled.

A step saves S blocks of Hp numbers for G gates, one after the other in a row. The first G blocks are the hidden side
(products with h before the step), the last G the input side. If S = G they are the same. A GRU's last gate is split and
has a block on each side. With ``split_gates`` = S - G, gate g is block (g + split_gates) % G of the hidden side, and
block g + split_gates of the input side.
"""

from functools import wraps
from typing import Any, NamedTuple

from numba.extending import overload

from ..jit import WITHIN


class Cell(NamedTuple):
    gates: int  # G
    blocks: int  # S


def _of_its_class(function: Any) -> Any:
    """Decorator: kernels that call ``function`` compile the method with its name of the cell's class."""

    @overload(function, jit_options=WITHIN)
    @wraps(function)
    def method(cell, *_):
        return getattr(cell.instance_class, function.__name__)

    return function


@_of_its_class
def activate(cell, H, Wh, Wx, b, bhn, blocks, h_before, c_before, h, c):
    """Compute h (Hp,), and c if the cell has it, from those before; saves in blocks (S, Hp) what backward needs.

    Wh (G, Hp): the products with h before, by block. Wx (G, .): the input side, by gate. b (G, H): biases by gate;
    bhn (split_gates*H,): biases of the hidden side of split gates.
    """


@_of_its_class
def differentiate(cell, H, blocks, dh, dh_next, direct, h_before, c_before, h, c):
    """Replace the blocks (S, Hp) of a step by the gradients of the sums in its gates.

    dh (Hp,): gradient of h from above. dh_next: from the next step, by the product with Whh. direct (Hp,): from the
    next step, without a product; updated for the step before. With one block, dh is stored in it, which saves a buffer.
    """
