"""The oracles of cells and layers against mathematics: finite differences, and PyTorch."""

import cell_oracles
import numpy as np
import oracles
import pytest
from cell_oracles import CELLS

SIZES = {'rnn': 1, 'gru': 3, 'lstm': 4}


def random_model(cell, L, H, V, seed=0, scale=1.0):
    """All weights and biases are random, both biases of each gate."""
    rng, shapes = np.random.default_rng(seed), {'output.weight': (V, H), 'output.bias': (V,)}
    GH = SIZES[cell] * H
    for k in range(L):
        shapes |= {f'rnn.weight_ih_l{k}': (GH, H if k else V), f'rnn.weight_hh_l{k}': (GH, H)}
        shapes |= {f'rnn.bias_ih_l{k}': (GH,), f'rnn.bias_hh_l{k}': (GH,)}
    return {name: rng.standard_normal(shape) * scale for name, shape in shapes.items()}


def random_window(cell, L, H, V, T, B, seed=0):
    """Inputs and targets (T, B), and states."""
    rng = np.random.default_rng(seed)
    inputs, targets = rng.integers(0, V, (2, T, B))
    return inputs, targets, np.tanh(rng.standard_normal((B, L, CELLS[cell][2], H)))


@pytest.mark.parametrize('cell', CELLS)
@pytest.mark.parametrize(('L', 'T', 'p'), [(1, 4, 0), (1, 4, 0.4), (2, 3, 0), (2, 3, 0.4), (3, 2, 0), (3, 2, 0.4)])
def test_gradients_are_those_of_the_loss(cell, L, T, p):
    H, V, B = 3, 3, 2
    model, window = random_model(cell, L, H, V), random_window(cell, L, H, V, T, B)
    _, grads, _ = cell_oracles.gradient(cell, model, *window, p, seed=5, step=7)
    expected = oracles.differences(lambda: cell_oracles.gradient(cell, model, *window, p, 5, 7)[0], model.values())
    for (name, grad), difference in zip(grads.items(), expected, strict=True):
        np.testing.assert_allclose(grad, difference, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize('cell', CELLS)
def test_two_windows_are_one_text(cell):
    """The states go on, the loss is the mean of the streams' surprisals, and where all is 0 it is log V."""
    model, L, H, V, T, B = random_model(cell, 2, 4, 5), 2, 4, 5, 3, 2
    inputs, targets, states = random_window(cell, L, H, V, 2 * T, B)
    targets[:-1] = inputs[1:]
    texts = [[*inputs[:, b], targets[-1, b]] for b in range(B)]
    nats, last = zip(*(cell_oracles.nats(cell, model, text, states[b]) for b, text in enumerate(texts)), strict=True)
    for window in (slice(T), slice(T, None)):
        loss, _, states = cell_oracles.gradient(cell, model, inputs[window], targets[window], states)
        np.testing.assert_allclose(loss, np.mean(nats, 0)[window].sum(), rtol=1e-13)
    assert np.array_equal(states, last)
    nothing = {name: np.zeros_like(array) for name, array in model.items()}
    np.testing.assert_allclose(cell_oracles.nats(cell, nothing, texts[0])[0], np.log(V))


def by_torch(cell, L, model, inputs, targets, states):
    """What oracles.gradient returns, and the logits (T, B, V)."""
    torch = pytest.importorskip('torch')
    H, V = model['output.weight'].shape[::-1]
    kind = {'rnn': torch.nn.RNN, 'gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}[cell]
    whole = torch.nn.ModuleDict({'rnn': kind(V, H, L), 'output': torch.nn.Linear(H, V)}).double()
    whole.load_state_dict({name: torch.tensor(array) for name, array in model.items()})
    before = [torch.tensor(part) for part in states.transpose(2, 1, 0, 3).copy()]  # (L, B, H), of h, then of c
    one_hot = torch.nn.functional.one_hot(torch.tensor(inputs), V).double()
    out, after = whole['rnn'](one_hot, tuple(before) if cell == 'lstm' else before[0])
    logits = whole['output'](out)
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten(), reduction='none')
    loss = losses.sum() / len(states)
    loss.backward()
    last = np.array([part.detach().numpy() for part in (after if cell == 'lstm' else [after])]).transpose(2, 1, 0, 3)
    return loss.item(), {name: p.grad.numpy() for name, p in whole.named_parameters()}, last, logits.detach().numpy()


@pytest.mark.long  # what takes long is to install PyTorch
@pytest.mark.parametrize('L', [1, 2, 3])
@pytest.mark.parametrize('cell', CELLS)
def test_torch_computes_the_same(cell, L):
    """By its own names: loss, gradients, states and logits."""
    model, (inputs, targets, states) = random_model(cell, L, 7, 5), random_window(cell, L, 7, 5, 6, 3)
    loss, grads, last, logits = by_torch(cell, L, model, inputs, targets, states)
    ours = cell_oracles.gradient(cell, model, inputs, targets, states)
    for name, grad in ours[1].items():
        np.testing.assert_allclose(grad, grads[name], rtol=1e-10, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(ours[0], loss, rtol=1e-12)
    np.testing.assert_allclose(ours[2], last, rtol=1e-10, atol=1e-12)
    for (t, b), ix in np.ndenumerate(inputs):
        states[b], y = cell_oracles.step(cell, model, states[b], ix)
        np.testing.assert_allclose(y, logits[t, b], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('cell', CELLS)
def test_dropout_is_of_what_layers_hand_up(cell):
    """A layer that hands up nothing has the states that it had; the one above sees its biases alone."""
    model, (inputs, _, states) = random_model(cell, 2, 4, 5), random_window(cell, 2, 4, 5, 1, 1)
    whole, _ = cell_oracles.step(cell, model, states[0], inputs[0, 0])
    upper, y_upper, _ = cell_oracles.forward(cell, model, states[0], inputs[0, 0], np.array([[1] * 4, [0] * 4]))
    assert np.array_equal(upper, whole) and np.array_equal(y_upper, model['output.bias'])
    lower, y_lower, _ = cell_oracles.forward(cell, model, states[0], inputs[0, 0], np.array([[0] * 4, [2] * 4]))
    model['rnn.weight_ih_l1'][:], model['output.weight'][:] = 0, 2 * model['output.weight']
    alone, y_alone = cell_oracles.step(cell, model, states[0], inputs[0, 0])
    assert np.array_equal(lower, alone) and np.array_equal(lower[0], whole[0]) and not np.array_equal(lower, whole)
    np.testing.assert_allclose(y_lower, y_alone)


def test_masks():
    """Each unit is kept or not by itself: no correlation with that of a neighbour in anything that is counted."""
    assert cell_oracles.mix(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # the first number of SplitMix64 from seed 0
    n, p, here = 20_000, 0.3, (3, 5, 1, 4, 2)
    kept = cell_oracles.mask(*here, n, p) > 0
    assert set(cell_oracles.mask(*here, n, p)) == {0.0, 1 / (1 - p)}
    others = [(*here[:k], here[k] + by, *here[k + 1 :]) for k in range(5) for by in (1, 256)]
    others += [(4, 5, 1, 3, 2), (3, 1, 5, 4, 2), (3, 5, 2, 4, 1)]
    masks = [cell_oracles.mask(*other, n, p) > 0 for other in others] + [np.roll(kept, by) for by in (1, 2, 16)]
    spread = np.sqrt(p * (1 - p) / n)
    assert abs(kept.mean() - (1 - p)) < 4 * spread
    for mask in masks:
        assert abs((kept & mask).mean() - (1 - p) ** 2) < 4 * spread
    assert np.array_equal(kept[:10] / (1 - p), cell_oracles.mask(*here, 10, p))
    assert (cell_oracles.mask(*here, n, 1e-9) == 1 / (1 - 1e-9)).all() and (cell_oracles.mask(*here, 9, 0) == 1).all()
