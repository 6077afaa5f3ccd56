"""The kernels over random configurations: against plain NumPy, and between pages that must not be touched."""

import sys

import numpy as np
import pytest
from helpers import SUPPORT, run_python
from hypothesis import given, settings
from hypothesis import strategies as st

from fastrnn.engines.engine import FastEngine
from fastrnn.engines.fast import BETA1, BETA2, EPSILON
from fastrnn.model.params import Params
from fastrnn.settings.config import Config


def naive_gradient(params, ids, hs, p, T):
    """Loss (mean of the streams) and gradient of one window; hs (B, H) is changed in place. One stream at a time."""
    B, length = len(hs), ids.size // len(hs)
    grads, loss = Params(params.H, params.V), 0.0
    for b in range(B):
        x, y = (ids[b * length + p + k : b * length + p + k + T].astype(int) for k in (0, 1))
        states, probabilities = [hs[b]], []
        for t in range(T):
            states.append(np.tanh(params.WxhT[x[t]] + params.Whh @ states[-1] + params.bh))
            logits = params.Why @ states[-1] + params.by
            e = np.exp(logits - logits.max())
            probabilities.append(e / e.sum())
            loss -= np.log(probabilities[-1][y[t]]) / B
        dhnext = np.zeros(params.H)
        for t in reversed(range(T)):
            dy = probabilities[t].copy()
            dy[y[t]] -= 1
            dhraw = (1 - states[t + 1] ** 2) * (params.Why.T @ dy + dhnext)
            grads.Why[...] += np.outer(dy, states[t + 1]) / B
            grads.by[...] += dy / B
            grads.WxhT[x[t]] += dhraw / B
            grads.Whh[...] += np.outer(dhraw, states[t]) / B
            grads.bh[...] += dhraw / B
            dhnext = params.Whh.T @ dhraw
        hs[b] = states[-1]
    return loss, grads.flat


def naive_training(config, params, ids, iterations):
    """Losses; params are changed in place. Clipping, Adagrad and AdamW as their papers have them."""
    T, B = config.seq_length, config.streams
    hs, p, losses = np.zeros((B, params.H)), 0, []
    M, S = np.zeros_like(params.flat), np.zeros_like(params.flat)
    for step in range(1, iterations + 1):
        if p + T + 1 >= ids.size // B:
            hs, p = np.zeros_like(hs), 0
        loss, g = naive_gradient(params, ids, hs, p, T)
        if config.clip_norm is None:
            g = np.clip(g, -config.clip, config.clip)
        else:
            g *= min(1.0, config.clip_norm / max(np.linalg.norm(g), 1e-300))
        if config.optimizer == 'adam':
            M = BETA1 * M + (1 - BETA1) * g
            S = BETA2 * S + (1 - BETA2) * g * g
            params.flat *= 1 - config.learning_rate * config.weight_decay
            corrected = M / (1 - BETA1**step), S / (1 - BETA2**step)
            params.flat -= config.learning_rate * corrected[0] / (np.sqrt(corrected[1]) + EPSILON)
        else:
            M += g * g
            params.flat -= config.learning_rate * g / np.sqrt(M + EPSILON)
        losses.append(loss)
        p += T
    return np.array(losses)


@st.composite
def cases(draw):
    """A configuration, and ids that are just enough or more."""
    T, B, V = draw(st.integers(1, 12)), draw(st.integers(1, 9)), draw(st.integers(2, 40))
    options = {'hidden_size': draw(st.integers(1, 40)), 'seq_length': T, 'streams': B, 'init': 'scaled'}
    options |= {'optimizer': draw(st.sampled_from(['adam', 'adagrad'])), 'threads': draw(st.integers(1, 3))}
    options |= {'clip_norm': draw(st.sampled_from([None, 0.3])), 'clip': draw(st.sampled_from([5.0, 0.05]))}
    if options['optimizer'] == 'adam':
        options['weight_decay'] = draw(st.sampled_from([0.0, 0.5]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    ids = rng.integers(0, V, B * (T + 2) + draw(st.integers(0, 4 * T * B))).astype(np.uint8)
    ids.flags.writeable = False
    return Config(engine='fast', seed=0, learning_rate=0.01, **options), ids, V


def assert_as_naive(case):
    config, ids, V = case
    engine = FastEngine(config, ids, V)
    params = engine.params.astype(np.float64)
    losses = engine.run(8)
    engine.close()
    np.testing.assert_allclose(losses, naive_training(config, params, ids, 8), rtol=1e-7)
    np.testing.assert_allclose(engine.params.flat, params.flat, atol=1e-6)


@settings(max_examples=40)
@given(cases())
def test_random_configurations(case):
    """In float64, to what Adam makes of rounding."""
    assert_as_naive(case)


@pytest.mark.long
@settings(max_examples=1000)
@given(cases())
def test_very_many_configurations(case):
    assert_as_naive(case)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == 'win32', reason='no mprotect')
@pytest.mark.parametrize('seed', [0, 1])
def test_guard_pages(seed):
    """See guards.py."""
    result = run_python(SUPPORT / 'guards.py', 250, seed)
    assert (result.returncode, result.stdout) == (0, b'250 configurations\n'), result.stderr.decode()[-2000:]
