"""Products with a one-hot x: Wxh @ x, and the gradient dhraw @ x.T."""

from ..jit import jit
from .vectors import clip, fill


@jit
def one_hot_product(WxhT, ix, literal, out):
    """out = Wxh @ x for the one-hot x of character ix.

    Reads a row, unless ``literal``: 0 * inf is NaN in the reference, so after the first inf or NaN the products with
    zeros are computed too.
    """
    H = out.size
    if literal:
        fill(out, 0.0)
        for j in range(WxhT.shape[0]):
            x = 1.0 if j == ix else 0.0
            for i in range(H):
                out[i] += WxhT[j, i] * x
    else:
        for i in range(H):
            out[i] = WxhT[ix, i] + 0.0  # a sum that starts at +0 is never -0


@jit
def one_hot_gradient(inputs, literal, start, stop, work):
    """dWxhT[:, start:stop] += x dhraw^T for t = T-1 ... 0, then clipped.

    Skips rows of characters that are not in the window; ``seen`` marks those that are.
    """
    dhs, dWxhT, seen = work.dhs, work.dWxhT, work.seen
    T, V = dhs.shape[0], dWxhT.shape[0]
    fill(seen, 1 if literal else 0)
    for t in range(T):
        seen[inputs[t]] = 1
    for j in range(V):
        if seen[j]:
            fill(dWxhT[j, start:stop], 0.0)
    for t in range(T - 1, -1, -1):
        for j in range(0 if literal else inputs[t], V if literal else inputs[t] + 1):
            x = 1.0 if j == inputs[t] else 0.0
            for i in range(start, stop):
                dWxhT[j, i] += dhs[t, i] * x
    for j in range(V):
        if seen[j]:
            clip(dWxhT[j, start:stop])
