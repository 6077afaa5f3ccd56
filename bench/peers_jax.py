"""The models of bench/peers.py in JAX, as a competent user would write them: a jitted scan over whole iterations.

A window has one input product (a look-up in the first layer, which reads characters), and a step one product for all
gates. XLA uses all cores, also for cases with one thread.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from peers_cases import Case, Steps, Tensors


def rnn(layer: Any, h: Any, x: Any) -> tuple[Any, Any]:
    h = jnp.tanh(x + h @ layer['Whh'])
    return h, h


def gru(layer: Any, h: Any, x: Any) -> tuple[Any, Any]:
    (xr, xz, xn), (hr, hz, hn) = jnp.split(x, 3, -1), jnp.split(h @ layer['Whh'], 3, -1)
    r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
    n = jnp.tanh(xn + r * (hn + layer['bhn']))
    h = (1 - z) * n + z * h
    return h, h


def lstm(layer: Any, state: Any, x: Any) -> tuple[Any, Any]:
    h, c = state
    i, f, g, o = jnp.split(x + h @ layer['Whh'], 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


CELLS = {'rnn': rnn, 'gru': gru, 'lstm': lstm}
# unrolled steps: the fastest of 1, 2 and 5 by processor time on one core. 5 saves a tenth for a GRU and costs half as
# much again for an LSTM; with one stream, 2 and 5 take two to three times as long as 1
UNROLL = {'rnn': 2, 'gru': 5, 'lstm': 1}


def make_weights(case: Case, tensors: Tensors) -> Any:
    """Matrices as right factors."""

    def make_layer(k: int) -> dict[str, Any]:
        layer = {
            'Wih': jnp.asarray(tensors[f'rnn.weight_ih_l{k}'].T),
            'Whh': jnp.asarray(tensors[f'rnn.weight_hh_l{k}'].T),
            'bh': jnp.asarray(tensors[f'rnn.bias_ih_l{k}']),
        }
        if case.cell == 'gru':
            layer['bhn'] = jnp.asarray(tensors[f'rnn.bias_hh_l{k}'][2 * case.H :])
        return layer

    return {
        'layers': [make_layer(k) for k in range(case.layers)],
        'Why': jnp.asarray(tensors['output.weight'].T),
        'by': jnp.asarray(tensors['output.bias']),
    }


def make_steps(case: Case, tensors: Tensors, ids: NDArray[Any], V: int) -> Steps:
    jax.config.update('jax_enable_x64', case.dtype == 'float64')
    length, T, cell = ids.size // case.B, case.T, CELLS[case.cell]
    unroll = UNROLL[case.cell] if case.B > 1 else 1
    streams = jnp.asarray(ids[: length * case.B].reshape(case.B, length).T.astype(np.int32))

    def loss(w: Any, states: Any, inputs: Any, targets: Any) -> Any:
        hs, ends = None, []
        for layer, state in zip(w['layers'], states, strict=True):
            xs = (layer['Wih'][inputs] if hs is None else hs @ layer['Wih']) + layer['bh']
            state, hs = jax.lax.scan(partial(cell, layer), state, xs, unroll=unroll)
            ends.append(state)
        logits = jax.nn.log_softmax(hs @ w['Why'] + w['by'])
        return -jnp.take_along_axis(logits, targets[..., None], -1).sum() / case.B, ends

    def adagrad(w: Any, g: Any, m: Any, s: Any, n: Any) -> Any:
        s = jax.tree.map(lambda s, g: s + g * g, s, g)
        return jax.tree.map(lambda w, g, s: w - case.rate * g / jnp.sqrt(s + 1e-8), w, g, s), m, s

    def adam(w: Any, g: Any, m: Any, s: Any, n: Any) -> Any:
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        s = jax.tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, s, g)
        one, two = 1 - 0.9**n, 1 - 0.99**n
        return jax.tree.map(lambda w, m, s: w - case.rate * (m / one) / (jnp.sqrt(s / two) + 1e-8), w, m, s), m, s

    update = adam if case.optimizer == 'adam' else adagrad

    def iteration(carry: Any, _: Any) -> Any:
        w, m, s, states, p, n = carry
        wraps = p + T + 1 >= length
        p, states = jnp.where(wraps, 0, p), jax.tree.map(lambda state: jnp.where(wraps, 0.0, state), states)
        window = jax.lax.dynamic_slice(streams, (p, 0), (T + 1, case.B))
        (value, states), g = jax.value_and_grad(loss, has_aux=True)(w, states, window[:-1], window[1:])
        g = jax.tree.map(lambda g: jnp.clip(g, -5, 5), g)
        w, m, s = update(w, g, m, s, n + 1.0)
        return (w, m, s, states, p + T, n + 1), value

    scan = jax.jit(lambda carry, count: jax.lax.scan(iteration, carry, None, length=count), static_argnums=1)
    weights, zero = make_weights(case, tensors), jnp.zeros((case.B, case.H), case.dtype)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    carry = (weights, zeros, zeros, [(zero, zero) if case.cell == 'lstm' else zero] * case.layers, 0, 0)

    def steps(count: int) -> NDArray[Any]:
        nonlocal carry
        carry, losses = scan(carry, count)
        return np.asarray(losses)

    return steps


def large_product(A: NDArray[Any]) -> Callable[[], Any]:
    matrix, product = jnp.asarray(A), jax.jit(jnp.matmul)
    return lambda: product(matrix, matrix).block_until_ready()
