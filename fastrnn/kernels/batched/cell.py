"""A cell: what no other kernel knows of it, one step of one stream, forward and backward.

A cell is a class with G gates, S blocks and two static methods, ``activate`` and ``differentiate``, which have the
arguments of the functions here. Kernels call these functions; the type of ``cell`` selects the methods when a kernel is
compiled. So the call is direct, and one cell is compiled.

What a step keeps lies in S blocks of Hp numbers, one after the other in a row. The blocks up to G are the hidden side,
which the products with h before take part in, the last G the input side. They are the same if G = S; a GRU's last gate
has a block on either side. So, with ``split_gates`` = S - G, gate g is block (g + split_gates) % G of the hidden
side, block g + split_gates of the input side.
"""

from functools import wraps
from typing import Any, NamedTuple

from numba.extending import overload

from ..jit import WITHIN


class Cell(NamedTuple):
    gates: int  # G
    blocks: int  # S


def _of_its_class(function: Any) -> Any:
    """Have kernels compile the static method of the cell's class in place of the function of that name."""

    @overload(function, jit_options=WITHIN)
    @wraps(function)
    def method(cell, *_):
        return getattr(cell.instance_class, function.__name__)

    return function


@_of_its_class
def activate(cell, H, Wh, Wx, b, bhn, blocks, h_before, c_before, h, c):
    """States h (Hp,) and, if the cell has one, c, from those before; blocks (S, Hp) keep what the backward pass needs.

    Wh (G, Hp): the products with h before, by blocks. Wx (G, .): the input side, by gates. b (G, H): biases by gates;
    bhn (split_gates*H,): of the hidden side of the gates that are split.
    """


@_of_its_class
def differentiate(cell, H, blocks, dh, dh_next, direct, h_before, c_before, h, c):
    """Turn blocks (S, Hp) of a step into the gradients of the sums in its gates.

    dh (Hp,): gradient of h from above. dh_next: from the step after, by the product with Whh. direct (Hp,): from the
    step after, without a product; it becomes that for the step before. A cell of one block finds dh in it, which saves
    a buffer that would go through the caches.
    """
