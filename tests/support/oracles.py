"""What the package computes, computed once more in plain NumPy: the shortest way, not the fastest.

Models and their gradients are in cell_oracles.py.
"""

import re

import cell_oracles
import numpy as np
from cell_oracles import softmax, step, zeros

from fastrnn.engines.batched import BETA1, BETA2, EPSILON
from fastrnn.model.params import Params

# --- gradients ------------------------------------------------------------------------------------------------------


def differences(loss, arrays, width=1e-5):
    """Gradients of loss() by central differences; the arrays are moved, and moved back."""
    grads = []
    for array in arrays:
        grad = np.zeros_like(array)
        for k in np.ndindex(array.shape):
            kept = array[k]
            array[k] = kept + width
            above = loss()
            array[k] = kept - width
            below = loss()
            array[k] = kept
            grad[k] = (above - below) / (2 * width)
        grads.append(grad)
    return grads


def outer_products(left, right):
    """np.clip of the sum of outer products, t = T-1 ... 0, as in the reference's lossFun."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for t in reversed(range(len(left))):
        total += np.dot(left[t][:, None], right[t][None, :])
    return np.clip(total, -5, 5)


# --- training -------------------------------------------------------------------------------------------------------


def adagrad(param, grad, memory, rate):
    """What the arrays are after a step."""
    memory = memory + grad * grad
    return param - rate * grad / np.sqrt(memory + EPSILON), memory


def adam(param, grad, mean, square, rate, decay=0.0, number=None, betas=(BETA1, BETA2)):
    """What the arrays are after a step, which is the run's ``number``-th; without it nothing is corrected for that."""
    mean = betas[0] * mean + (1 - betas[0]) * grad
    square = betas[1] * square + (1 - betas[1]) * grad * grad
    one, two = (1, 1) if number is None else (1 - beta**number for beta in betas)
    return (1 - decay) * param - rate * (mean / one) / (np.sqrt(square / two) + EPSILON), mean, square


def own_rates(config, architecture):
    """Of each parameter, its learning rate and what a step takes of it: Wxh and the hidden matrices have their own."""
    rates, decays = Params(architecture), Params(architecture)
    rates.flat[:] = config.learning_rate
    rates.Wxh[...] *= config.input_rate
    decays.flat[:] = config.learning_rate * config.weight_decay
    for matrix in (*decays.Wih, *decays.Whh):
        matrix *= config.hidden_decay
    return rates.flat, decays.flat


def train(config, params, ids, iterations):
    """Losses of the batched engine; params change in place. Clipping, Adagrad and AdamW as their papers have them."""
    T, B, cell = config.seq_length, config.streams, params.architecture.cell
    streams = ids[: ids.size // B * B].reshape(B, -1).T.astype(int)
    states, p, losses = np.array([zeros(cell, cell_oracles.from_params(params))] * B), 0, []
    M, S = np.zeros_like(params.flat), np.zeros_like(params.flat)
    orders, rows = max(0, config.ngrams - 1), config.ngram_rows
    rates, decays = own_rates(config, params.architecture)
    for number in range(1, iterations + 1):
        if p + T + 1 >= len(streams):
            states, p = np.zeros_like(states), 0
        model, window = cell_oracles.from_params(params), streams[p : p + T + 1]
        dropped = config.dropout, config.seed, number - 1
        places = [[b * len(streams) + p + t for b in range(B)] for t in range(T)]
        pointed = [[contexts(ids, at, orders, rows) for at in row] for row in places]
        often = np.bincount(np.array(pointed, int).ravel(), minlength=len(params.rows))
        dy = np.array([[params.rows[found].sum(0) for found in row] for row in pointed])
        loss, grads, states = cell_oracles.gradient(cell, model, window[:-1], window[1:], states, *dropped, dy)
        for t, b in np.ndindex(T, B):
            for row in pointed[t][b]:
                params.rows[row] -= config.ngram_rate / (1 + often[row] / 4) * dy[t, b]
        g = cell_oracles.flat(params.architecture, grads)
        if config.clip_norm is None:
            g = np.clip(g, -config.clip, config.clip)
        else:
            g *= min(1.0, config.clip_norm / max(np.linalg.norm(g), 1e-300))
        if config.optimizer == 'adam':
            params.flat[:], M, S = adam(params.flat, g, M, S, rates, decays, number)
        else:
            params.flat[:], M = adagrad(params.flat, g, M, rates)
        losses.append(loss)
        p += T
    return np.array(losses)


def contexts(ids, at, orders, rows):
    """The rows of n-grams that the last 2, 3 ... characters point to, up to ids[at]; before the first, by 2**32 - 1."""

    def mixed(h, place):
        h = (h + (int(ids[place]) if place >= 0 else 2**32 - 1) + 1) * 0x9E3779B97F4A7C15 % 2**64
        return h ^ h >> 29

    h, found = mixed(0, at), []
    for order in range(orders):
        h = mixed(h, at - order - 1)
        found.append(order * rows + ((h * 0xBF58476D1CE4E5B9 % 2**64 >> 32) * rows >> 32))
    return found


def windows(ids, T, position, iterations):
    """The ids of each window of one stream, as a kernel takes them, and where it ends."""
    found = []
    for _ in range(iterations):
        if position + T + 1 >= ids.size:
            position = 0
        found.append(ids[position : position + T + 1].tolist())
        position += T
    return found, position


def characters_read(length, B, T):
    """In one pass over a text of so many, by walking through a stream as the engine does."""
    position, reached = 0, T + 1
    while position + T + 1 < length // B:
        reached, position = position + T + 1, position + T
    return B * reached


# --- sampling -------------------------------------------------------------------------------------------------------


def filtered(p, top_k, top_p):
    """Zeros but for those characters that the filters leave; of ties the lower ones are left."""
    order = np.lexsort((np.arange(p.size), -p))[:top_k]
    reached = np.cumsum(p[order])
    enough = np.flatnonzero(reached >= top_p * reached[-1])
    order = order[: enough[0] + 1] if top_p < 1 else order
    left = np.zeros_like(p)
    left[order] = p[order]
    return left


def choose(p, u):
    """np.random.choice's character for a uniform number."""
    edges = (p / p.sum()).cumsum()
    return int((edges / edges[-1]).searchsorted(u, side='right'))


def sample(cell, model, uniforms, temperature=1.0, top_k=None, top_p=None, prime=(0,)):
    """Ids after those of the prime: softmax of logits / temperature, top-k, top-p of the rest, one uniform each."""
    states, ix, ids = cell_oracles.nats(cell, model, prime)[1], prime[-1], []
    for u in uniforms:
        states, y = step(cell, model, states, ix)
        ix = choose(filtered(softmax(y / temperature), top_k or y.size, top_p or 1.0), u)
        ids.append(ix)
    return ids


def greedy(cell, model, length):
    """Ids after character 0, each that of the largest logit; of equal ones the first."""
    states, ix, ids = zeros(cell, model), 0, []
    for _ in range(length):
        states, y = step(cell, model, states, ix)
        ix = int(np.argmax(y))
        ids.append(ix)
    return ids


def edges(arrays):
    """Cumulated probabilities after one step from h = 0 and character 0, as np.random.choice makes them, and the last
    before all are divided by it. Of the gist's five arrays, as the bits matter here."""
    Wxh, _, Why, bh, by = arrays
    y = np.dot(Why, np.tanh(Wxh[:, [0]] + bh)) + by
    cumulated = (np.exp(y) / np.sum(np.exp(y))).ravel().cumsum()
    return cumulated / cumulated[-1], cumulated[-1]


# --- what is read and seen ------------------------------------------------------------------------------------------

NAMES = {'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}


def read_table(table):
    """A standard reader's rows of a table of surprisals: lines by ``splitlines``, cells by tab. The text, without its
    escapes, and the cells of bits."""
    header, *rows = [line.split('\t') for line in table.splitlines()]
    assert header == ['offset', 'character', 'bits'] and all(len(row) == 3 for row in rows)
    assert [int(row[0]) for row in rows] == [*range(len(rows))]
    pattern = r'\\(?:x(..)|u(....)|(.))'

    def plain(match):
        return NAMES[match[3]] if match[3] else chr(int(match[1] or match[2], 16))

    return ''.join(re.sub(pattern, plain, row[1]) for row in rows), [row[2] for row in rows]


def luminance(color):
    """Relative, after WCAG 2; of '#rgb', '#rrggbb' or 'rgb(r, g, b)'."""
    if color.startswith('rgb'):
        channels = [int(part) for part in color[4:-1].split(',')]
    else:
        digits = color[1:] if len(color) == 7 else ''.join(2 * digit for digit in color[1:])
        channels = [int(digits[k : k + 2], 16) for k in (0, 2, 4)]
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    """After WCAG 2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def sum_by_lanes(x, lanes, kind):
    """A sum in vectors of so many lanes, joined by halves, and what is left over."""
    whole = x.size // lanes * lanes
    vector, rest = np.zeros(lanes, kind), kind(0)
    for row in x[:whole].reshape(-1, lanes):
        vector = vector + row
    for term in x[whole:]:
        rest += term
    while vector.size > 1:
        vector = vector[: vector.size // 2] + vector[vector.size // 2 :]
    return rest + vector[0]
