"""Loads and stores that say which arrays lie apart, so that LLVM makes vectors of loops over many of them.

Numba has no ``noalias``: LLVM compares the arrays' addresses before a loop, and gives up where that takes more than
eight comparisons, as for the 16 rows of an LSTM's step (1.0 ns a unit for 3 to 4 as six loops: bench/kernels.py).
Here each access has a name, and accesses by different names are never to the same number; by one name they may be,
which is compared as ever. That has to hold in all of the kernel that the loop becomes part of, not in the loop alone.
"""

from typing import Any

from numba import types
from numba.extending import intrinsic

NAMES = ('in', 'h', 'c', 'carry', 'block 0', 'block 1', 'block 2', 'block 3')


def _say(builder: Any, instruction: Any, name: str) -> None:
    """Attach LLVM's metadata: the scope of this access, and those that it lies apart from."""
    module = builder.module
    domain = module.add_metadata(['fastrnn'])
    scopes = {other: module.add_metadata([f'fastrnn {other}', domain]) for other in NAMES}
    instruction.set_metadata('alias.scope', module.add_metadata([scopes[name]]))
    instruction.set_metadata('noalias', module.add_metadata([scopes[other] for other in NAMES if other != name]))


@intrinsic(prefer_literal=True)
def load(typingctx, name, x, i):
    """x[i] of a 1-D contiguous array; name is one of NAMES, as a literal."""
    if not isinstance(name, types.StringLiteral):
        return None

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[1])(context, builder, args[1]).data
        value = builder.load(builder.gep(data, [args[2]]))
        _say(builder, value, name.literal_value)
        return value

    return x.dtype(name, x, types.intp), codegen


@intrinsic(prefer_literal=True)
def store(typingctx, name, x, i, value):
    """x[i] = value, likewise."""
    if not isinstance(name, types.StringLiteral):
        return None

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[1])(context, builder, args[1]).data
        _say(builder, builder.store(args[3], builder.gep(data, [args[2]])), name.literal_value)
        return context.get_dummy_value()

    return types.void(name, x, types.intp, x.dtype), codegen
