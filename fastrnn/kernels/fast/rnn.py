"""The cell of the vanilla RNN, for one stream and one step of time: all that the other kernels do not know of it."""

from ..jit import inlined
from .functions import tanh1


@inlined
def activate(z, x, bias, h):
    """h = tanh(z + x + bias), where z is Whh @ h_prev and x the row of WxhT; h and z may be longer, by padding."""
    for i in range(bias.size):
        h[i] = tanh1(z[i] + x[i] + bias[i])


@inlined
def differentiate(h, dhnext, dh):
    """dh, of the state h, becomes dhraw, (1 - h*h) * (dh + dhnext), where dhnext comes from the step after."""
    one = h.dtype.type(1)
    for i in range(h.size):
        dh[i] = (one - h[i] * h[i]) * (dh[i] + dhnext[i])
