"""The reference against mathematics: finite differences, and the gradients' limit."""

import re

import cell_oracles
import numpy as np
import oracles
import pytest
from helpers import WEIGHTS, random_model, reference_run

from fastrnn import reference

H, V, T = 5, 4, 6
INPUTS, TARGETS = [0, 2, 2, 1, 3, 0], [2, 2, 1, 3, 0, 1]


def differences(model, hprev, targets):
    return oracles.differences(lambda: reference.lossFun(INPUTS, targets, hprev, model)[0], model)


@pytest.mark.parametrize('seed', range(3))
def test_gradients_are_those_of_the_loss(seed):
    model = random_model(H, V, seed, scale=0.5)
    hprev = np.tanh(np.random.default_rng(seed).standard_normal((H, 1)))
    _, *grads, _ = reference.lossFun(INPUTS, TARGETS, hprev, model)
    for name, grad, expected in zip(WEIGHTS, grads, differences(model, hprev, TARGETS), strict=True):
        assert np.abs(expected).max() < 5, 'clipped: choose other weights'
        np.testing.assert_allclose(grad, expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_gradients_are_clipped_to_five():
    """With a target that is all but impossible, six times over, some gradients are beyond 5, others are not."""
    model = random_model(H, V, 1, scale=0.5)
    model[2][:] *= 10
    model[4][:] = [[0.0], [0.0], [0.0], [-50.0]]
    targets, hprev = [3] * T, np.ones((H, 1))
    _, *grads, _ = reference.lossFun(INPUTS, targets, hprev, model)
    beyond = 0
    for grad, expected in zip(grads, differences(model, hprev, targets), strict=True):
        np.testing.assert_allclose(grad, np.clip(expected, -5, 5), rtol=1e-6, atol=1e-7)
        beyond += np.count_nonzero(np.abs(expected) > 5.001)
    assert beyond >= 5
    assert grads[4][3, 0] == -5.0


def test_loss_is_the_negative_log_likelihood():
    """Computed once more, from the probabilities alone."""
    model, hprev = random_model(H, V, 3, scale=0.5), np.full((H, 1), 0.1)
    ids, states = [*INPUTS, TARGETS[-1]], hprev.reshape(1, 1, H)
    nats, states = cell_oracles.nats('rnn', cell_oracles.from_gist(model), ids, states)
    result = reference.lossFun(INPUTS, TARGETS, hprev, model)
    np.testing.assert_allclose(result[0], nats.sum(), rtol=1e-13)
    np.testing.assert_allclose(result[6][:, 0], states[0, 0], rtol=1e-13)


def test_lossfun_leaves_its_arguments_alone():
    model, hprev = random_model(H, V), np.full((H, 1), 0.1)
    kept = [array.copy() for array in (*model, hprev)]
    reference.lossFun(INPUTS, TARGETS, hprev, model)
    for array, before in zip((*model, hprev), kept, strict=True):
        assert np.array_equal(array, before)


def test_adagrad_step():
    param, grad, mem = np.array([[1.0, -2.0]]), np.array([[3.0, 0.0]]), np.array([[16.0, 0.0]])
    reference.adagrad([param], [grad], [mem], 0.1)
    assert mem.tolist() == [[25.0, 0.0]]
    np.testing.assert_allclose(param, [[1.0 - 0.1 * 3.0 / 5.0, -2.0]], rtol=1e-9)


def test_sample_follows_the_probabilities():
    """With no weights, the output's bias alone decides."""
    model = tuple(np.zeros_like(param) for param in random_model(H, V))
    model[4][:] = np.log([[0.5], [0.25], [0.125], [0.125]])
    drawn = reference.sample(np.zeros((H, 1)), 0, 4000, model)
    np.testing.assert_allclose(np.bincount(drawn) / 4000, [0.5, 0.25, 0.125, 0.125], atol=0.03)


def test_what_a_run_prints():
    run = reference_run('abcab' * 3, seed=0, iterations=5, hidden_size=4, seq_length=3, sample_every=2, print_every=4)
    first, *samples, end = re.split(r'----\n (.{200}) \n----\n', run.output)
    assert first == 'data has 15 characters, 3 unique.\n'
    assert [set(text) <= set('abc') for text in samples[::2]] == [True, True, True]
    assert samples[1] == 'iter 0, loss: %f\n' % (3 * np.log(3)) and samples[3] == ''
    assert re.fullmatch(r'iter 4, loss: \d\.\d{6}\n', end)


def test_windows_move_by_t_and_wrap(monkeypatch):
    """Starts again, with no memory, where fewer than T+2 characters are left."""
    windows = []

    def lossFun(inputs, targets, hprev, model):
        windows.append((inputs, targets, float(np.abs(hprev).sum())))
        return (1.0, *(np.zeros_like(param) for param in model), np.ones((2, 1)))

    monkeypatch.setattr(reference, 'lossFun', lossFun)
    reference_run('abcdefghi', seed=0, iterations=4, hidden_size=2, seq_length=2)
    starts = [inputs[0] for inputs, _, _ in windows]
    assert starts == [0, 2, 4, 0]
    assert all(targets == [start + 1, start + 2] for start, (_, targets, _) in zip(starts, windows, strict=True))
    assert [memory for _, _, memory in windows] == [0.0, 2.0, 2.0, 0.0]
