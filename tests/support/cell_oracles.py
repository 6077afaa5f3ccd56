"""Models of any cell and depth in plain NumPy, the shortest way: a step, surprisals, gradients through a window.

A model is a dictionary of arrays by PyTorch's names, its states are an array (L, S, H): each layer's h, of an LSTM also
its c. The formulas are those of the documentation of torch.nn.RNN, GRU and LSTM. One stream at a time.
"""

from itertools import pairwise

import numpy as np

from fastrnn.model.params import Params

# --- cells ----------------------------------------------------------------------------------------------------------
# Forward: of x = W_ih @ input + b_ih and z = W_hh @ h + b_hh, and the states before, the states (S, H) and what the way
# back needs. Backward: of that and the states' gradient, dx, dz, and what the states before get without W_hh.


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn(x, z, before):
    h = np.tanh(x + z)
    return np.array([h]), h


def rnn_backward(h, d):
    dx = (1 - h**2) * d[0]
    return dx, dx, np.zeros_like(d)


def gru(x, z, before):
    (xr, xz, xn), (zr, zz, zn) = np.split(x, 3), np.split(z, 3)
    r, u = sigmoid(xr + zr), sigmoid(xz + zz)  # u: PyTorch's z
    n = np.tanh(xn + r * zn)
    return np.array([(1 - u) * n + u * before[0]]), (r, u, n, zn, before[0])


def gru_backward(kept, d):
    r, u, n, zn, h = kept
    dn = d[0] * (1 - u) * (1 - n**2)
    dr, du = dn * zn * r * (1 - r), d[0] * (h - n) * u * (1 - u)
    return np.concatenate([dr, du, dn]), np.concatenate([dr, du, dn * r]), d * u


def lstm(x, z, before):
    i, f, g, o = np.split(x + z, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * before[1] + i * g
    return np.array([o * np.tanh(c), c]), (i, f, g, o, np.tanh(c), before[1])


def lstm_backward(kept, d):
    i, f, g, o, tanh_c, c = kept
    dc = d[1] + d[0] * o * (1 - tanh_c**2)
    di, df, dg, do = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), d[0] * tanh_c * o * (1 - o)
    dx = np.concatenate([di, df, dg, do])
    return dx, dx, np.array([np.zeros_like(dc), dc * f])


CELLS = {'rnn': (rnn, rnn_backward, 1), 'gru': (gru, gru_backward, 1), 'lstm': (lstm, lstm_backward, 2)}  # and S

# --- models ---------------------------------------------------------------------------------------------------------


LAYER = ('weight_ih', 'weight_hh', 'bias_ih', 'bias_hh')


def layer(model, k):
    """W_ih, W_hh, b_ih and b_hh."""
    return [model[f'rnn.{name}_l{k}'] for name in LAYER]


def depth(model):
    return sum(name.startswith('rnn.weight_hh') for name in model)


def zeros(cell, model):
    """The states before a text."""
    return np.zeros((depth(model), CELLS[cell][2], model['output.weight'].shape[1]))


def from_gist(arrays):
    """A model of the gist's five arrays Wxh, Whh, Why, bh and by, biases as columns."""
    Wxh, Whh, Why, bh, by = arrays
    parts = Wxh, Whh, bh[:, 0], np.zeros(bh.size)
    model = {f'rnn.{name}_l0': part for name, part in zip(LAYER, parts, strict=True)}
    return model | {'output.weight': Why, 'output.bias': by[:, 0]}


def from_params(params):
    """A model of Params, in float64. What they keep as one bias is the first of PyTorch's two."""
    params = params.astype(np.float64)
    H, model = params.H, {}
    for k in range(params.architecture.layers):
        b_hh = np.zeros_like(params.bh[k])
        if params.architecture.cell == 'gru':
            b_hh[2 * H :] = params.bhn[k]
        parts = params.Wih[k - 1] if k else params.WxhT.T, params.Whh[k], params.bh[k], b_hh
        model |= {f'rnn.{name}_l{k}': part for name, part in zip(LAYER, parts, strict=True)}
    return model | {'output.weight': params.Why, 'output.bias': params.by}


def flat(architecture, grads):
    """Gradients by PyTorch's names, as they lie in Params.flat."""
    params = Params(architecture)
    for k in range(architecture.layers):
        dW_ih, params.Whh[k], params.bh[k], db_hh = layer(grads, k)
        (params.Wih[k - 1] if k else params.WxhT.T)[...] = dW_ih
        if architecture.cell == 'gru':
            params.bhn[k] = db_hh[2 * architecture.H :]
    params.Why[...], params.by[...] = grads['output.weight'], grads['output.bias']
    return params.flat


# --- a step ---------------------------------------------------------------------------------------------------------


def softmax(y):
    e = np.exp(y - y.max())
    return e / e.sum()


def forward(cell, model, states, ix, masks):
    """The states after a character, the logits of the next, and what the way back needs: of each layer its input, the
    h before and what the cell keeps, and the output layer's input. masks (L, H) are factors of what layers hand up."""
    states, x, kept = states.copy(), np.zeros(model['rnn.weight_ih_l0'].shape[1]), []
    x[ix] = 1
    for k, mask in enumerate(masks):
        W_ih, W_hh, b_ih, b_hh = layer(model, k)
        before = states[k].copy()
        states[k], of_cell = CELLS[cell][0](W_ih @ x + b_ih, W_hh @ before[0] + b_hh, before)
        kept.append((x, before[0], of_cell))
        x = states[k, 0] * mask
    return states, model['output.weight'] @ x + model['output.bias'], (kept, x)


def step(cell, model, states, ix):
    """The states after a character, and the logits of the next."""
    return forward(cell, model, states, ix, np.ones((len(states), 1)))[:2]


def nats(cell, model, ids, states=None):
    """The surprisal of each character but the first, and the last states."""
    states, found = zeros(cell, model) if states is None else states, []
    for ix, target in pairwise(ids):
        states, y = step(cell, model, states, int(ix))
        top = y.max()
        found.append(np.log(np.exp(y - top).sum()) - (y[int(target)] - top))
    return np.array(found), states


# --- dropout --------------------------------------------------------------------------------------------------------


def mix(x):
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators)."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31


def mask(seed, step, layer, t, stream, H, p):
    """Factors (H,) of a layer's units: 0, or 1/(1-p), by a hash of all that tells one from another."""
    if p == 0:
        return np.ones(H)
    key, factors = 0, []
    for value in (seed, step, layer, t, stream):
        key = mix((key + 0x9E3779B97F4A7C15 + value) % 2**64)
    for unit in range(H):
        x = (key + unit * 0x9E3779B9) % 2**32
        x = (x ^ x >> 16) * 0x7FEB352D % 2**32
        x = (x ^ x >> 15 ^ key >> 32) * 0x846CA68B % 2**32
        factors.append(1 / (1 - p) if (x ^ x >> 16) >> 8 >= round(p * 2**24) else 0.0)
    return np.array(factors)


# --- gradients ------------------------------------------------------------------------------------------------------


def add_gradient(cell, model, inputs, targets, states, masks, grads, extra):
    """Add the gradient of one stream's loss (nats, summed over T) to grads; returns the loss, and the states after the
    window. masks (T, L, H); extra (T, V): is added to the logits, and becomes their gradient."""
    loss, tape, L = 0.0, [], depth(model)
    for t, ix in enumerate(inputs):
        states, y, kept = forward(cell, model, states, ix, masks[t])
        dy = softmax(y + extra[t])
        loss -= np.log(dy[targets[t]])
        dy[targets[t]] -= 1
        tape.append((dy, *kept))
        extra[t] = dy
    d = np.zeros_like(states)
    for t, (dy, kept, x) in reversed([*enumerate(tape)]):
        grads['output.weight'] += np.outer(dy, x)
        grads['output.bias'] += dy
        dx = model['output.weight'].T @ dy
        for k in reversed(range(L)):
            x, h, of_cell = kept[k]
            d[k, 0] += dx * masks[t, k]
            dx, dz, d[k] = CELLS[cell][1](of_cell, d[k])
            W_ih, W_hh, _, _ = layer(model, k)
            for grad, term in zip(layer(grads, k), (np.outer(dx, x), np.outer(dz, h), dx, dz), strict=True):
                grad += term
            d[k, 0] += W_hh.T @ dz
            dx = W_ih.T @ dx
    return loss, states


def gradient(cell, model, inputs, targets, states, p=0.0, seed=0, step=0, extra=None):
    """Of a window (T, B): the loss (nats summed over T, mean of the streams), its gradients by the model's names, and
    the states (B, L, S, H) after it. p is the dropout, step how many steps the optimizer has done; extra
    (T, B, V) as of add_gradient."""
    (T, B), L, H = inputs.shape, depth(model), model['output.weight'].shape[1]
    grads, losses, after = {name: np.zeros_like(array) for name, array in model.items()}, [], []
    extra = np.zeros((T, B, model['output.bias'].size)) if extra is None else extra
    for b in range(B):
        masks = np.array([[mask(seed, step, k, t, b, H, p) for k in range(L)] for t in range(T)])
        loss, state = add_gradient(cell, model, inputs[:, b], targets[:, b], states[b], masks, grads, extra[:, b])
        losses.append(loss)
        after.append(state)
    return np.mean(losses), {name: grad / B for name, grad in grads.items()}, np.array(after)
