"""Scores one stream while the weights adapt to it: each window is scored first, then its gradient updates the weights.

After Krause et al., Dynamic Evaluation of Neural Sequence Models (2018): a step divides the gradient by the root of its
mean square over the last windows, and pulls each weight back towards the model's own.
"""

from typing import Any, NamedTuple

import numpy as np

from ..jit import jit, variable
from ..team import barrier, span
from .buffers import Network, Weights
from .dropout import Dropout
from .gradients import LINE
from .ngrams import update_rows
from .packing import copy, pack_weights
from .train import gradients, own_streams, read_window


class OneStream(NamedTuple):
    """Used instead of Shards for a single stream, which has nothing to share or exchange."""

    streams: int = 1


class Adapter(NamedTuple):
    """The state and settings of adapting; its ``network`` is a copy of the model."""

    network: Network
    grads: Weights
    dropout: Dropout  # no dropout
    shards: OneStream
    own: Any  # (N,): the model's weights
    squares: Any  # (N,): the running mean of the squares of gradients
    memory: int  # number of windows in this mean
    rows_rate: float  # learning rate of the rows of n-grams
    rate: Any  # settings in the weights' dtype
    epsilon: Any
    decay: Any


@jit
def follow(P, G, own, squares, adapter, T, number):
    """Update weights P in place by the gradient G of the ``number``-th window (from 1) of T characters."""
    kind, rate, epsilon, decay = P.dtype.type, adapter.rate, adapter.epsilon, adapter.decay
    of_character, share = kind(1.0 / T), kind(1.0 / min(number, adapter.memory))
    for i in range(P.size):
        g = G[i] * of_character
        squares[i] += share * (g * g - squares[i])
        P[i] += decay * (own[i] - P[i]) - rate * g / (np.sqrt(squares[i]) + epsilon)


@jit
def adapt(team, adapter, windows, number, work, nats):
    """Score windows (n, K + T + 1) of one stream in turn, adapting after each; ``number`` windows came before.

    Sets nats (n, T) to the surprisals of their last T characters; the first K are context for n-grams. Updates the
    adapter's arrays, and the states in ``work``. Every thread makes the same call.
    """
    network, (L, states, _, _, _), T = adapter.network, work.hs.shape, work.inputs.shape[0]
    table, rows = network.weights.rows, network.weights.rows.shape[0] // max(1, work.contexts.shape[2])
    P, G, own, squares = network.weights.flat, adapter.grads.flat, adapter.own, adapter.squares
    group, b0, b1, r0, r1 = own_streams(team, 1)
    (i0, i1), zero = span(team, P.size, LINE), variable(0)
    for n in range(windows.shape[0]):
        read_window(windows[n : n + 1], rows, r0, r1, work)
        barrier(group)
        gradients(team, group, adapter, zero, zero, b0, b1, work)
        for b in range(r0, r1):
            for t in range(T):
                nats[n, t] = work.nats[t, b]
            for layer in range(L):
                for s in range(states):
                    copy(work.hs[layer, s, T, b], work.hs[layer, s, 0, b])
        update_rows(team, table, work.contexts, work.counts, work.ys, adapter.rows_rate)
        follow(P[i0:i1], G[i0:i1], own[i0:i1], squares[i0:i1], adapter, T, number + n + 1)
        barrier(team)
        pack_weights(team, network)
        barrier(team)
