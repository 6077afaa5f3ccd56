"""Names, shapes and counts, against those of the gist's arrays; and that nobody else counts."""

import re
from copy import copy, deepcopy
from pathlib import Path

import numpy as np
import pytest
from helpers import WEIGHTS, random_model

import fastrnn
from fastrnn import reference
from fastrnn.model.architecture import CELLS, GIST_NAMES, Architecture, gist_shapes
from fastrnn.model.init import INITS, normal
from fastrnn.model.params import Params
from fastrnn.settings.options import TABLE, Settings

PACKAGE = Path(fastrnn.__file__).parent
SIZES = [(5, 3), (3, 5), (4, 4), (1, 1), (100, 65)]


@pytest.mark.parametrize(('H', 'V'), SIZES)
def test_sizes_are_those_of_the_gists_arrays(H, V):
    arrays, architecture = random_model(H, V), Architecture('rnn', 1, H, V)
    assert GIST_NAMES == tuple(gist_shapes(H, V)) == WEIGHTS
    assert [*gist_shapes(H, V).values()] == [array.shape for array in arrays]
    assert architecture.parameters == sum(array.size for array in arrays) == sum(architecture.sizes.values())
    assert architecture.state_shape(7) == (7, H)


@pytest.mark.parametrize(('H', 'V'), SIZES)
def test_the_layout_of_the_flat_buffer(H, V):
    """Wxh transposed, Whh, Why, bh, by: what kernels are compiled for, and what a pickle or a slice of it means."""
    arrays = random_model(H, V)
    params = Params(Architecture('rnn', 1, H, V))
    for view, array in zip(params.by_gist_name.values(), arrays, strict=True):
        view[...] = array
    assert np.array_equal(params.flat, np.concatenate([arrays[0].T.ravel(), *(array.ravel() for array in arrays[1:])]))
    assert np.array_equal(params.Wxh, arrays[0])
    names = ['WxhT', 'Wih', 'Whh', 'Why', 'bh', 'bhn', 'by']
    assert [*params.by_name] == names and all(getattr(params, name) is params.by_name[name] for name in names)
    assert all(view.flags.c_contiguous for view in params.by_name.values())
    assert (params.H, params.V, repr(params)) == (H, V, f'Params({params.architecture}, float64)')


def test_cells_and_layers():
    """Sizes and flops by hand, for G gates: 4 G (H H) a layer and direction, and the biases of PyTorch that are one."""
    H, V = 7, 4
    for cell, gates, own in (('rnn', 1, 0), ('gru', 3, 1), ('lstm', 4, 0)):
        two = Architecture(cell, 2, H, V)
        weights = gates * H * V + 3 * gates * H * H + V * H
        assert two.parameters == weights + 2 * (gates + own) * H + V
        assert two.training_flops == 6 * (3 * gates * H * H + V * H)
        assert two.state_shape(5) == (5, 2 * H * (2 if cell == 'lstm' else 1))
        assert not two.is_gist and Architecture(cell, 1, H, V).is_gist == (cell == 'rnn')
    assert tuple(CELLS) == TABLE['cell'].kind.choices
    with pytest.raises(ValueError, match='is not one layer of tanh'):
        Params(two).by_gist_name  # noqa: B018


def test_flops():
    """A multiplication and an addition for each weight of Whh @ h and Why @ h, and three times as many in training."""
    H, V = 7, 4
    by_hand = sum(2 * M.shape[0] * M.shape[1] for M in random_model(H, V)[1:3])
    architecture = Architecture('rnn', 1, H, V)
    assert (architecture.forward_flops, architecture.training_flops) == (by_hand, 3 * by_hand) == (154, 462)


@pytest.mark.parametrize('wrong', [('tanh', 1), ('', 1), (None, 1), ('rnn', 0), ('lstm', 9), ('gru', '2')])
def test_what_there_is_not(wrong):
    with pytest.raises(ValueError, match=r'^(cell is .* one of rnn, gru, lstm|layers is .* from 1 to 8)$'):
        Architecture(*wrong, 5, 3)


def test_copies_share_nothing_and_keep_their_views():
    params = Params(Architecture('rnn', 1, 5, 3), np.float32)
    params.flat[:] = np.arange(params.flat.size)
    other, wide = deepcopy(params), params.astype(np.float64)
    assert other == params == copy(params) and wide != params and wide.flat.dtype == np.float64
    other.Whh[0, 0, 0] += 1
    assert other != params and other.flat[15] == params.flat[15] + 1
    assert Params(Architecture('rnn', 1, 5, 3)) != Params(Architecture('rnn', 1, 3, 5))
    with pytest.raises(ValueError, match=r'flat has shape \(3,\)'):
        Params.over(params.architecture, np.zeros(3))


def test_the_gists_initial_values():
    architecture = Architecture.of(Settings(hidden_size=6), 9)
    np.random.seed(3)
    expected = reference.init(9, 6)
    params = INITS['gist'](architecture, np.random.RandomState(3))
    for view, array in zip(params.by_gist_name.values(), expected, strict=True):
        assert np.array_equal(view, array)


def test_scaled_initial_values():
    """Drawn in the gist's order; Whh the orthogonal factor whose triangular one has a positive diagonal."""
    params, rng = INITS['scaled'](Architecture('rnn', 1, 6, 9), np.random.RandomState(3)), np.random.RandomState(3)

    def drawn(*shape):
        return rng.random_sample((12, *shape)).sum(axis=0) - 6

    assert np.allclose(params.Wxh, drawn(6, 9) / np.sqrt(6), atol=1e-14)
    assert np.allclose(params.Whh[0] @ params.Whh[0].T, np.eye(6))
    R = params.Whh[0] @ drawn(6, 6).T
    assert np.allclose(R, np.triu(R)) and (np.diag(R) > 0).all()
    assert np.allclose(params.Why, drawn(9, 6) / np.sqrt(6), atol=1e-14)
    assert not params.bh.any() and not params.by.any()


def test_scaled_initial_values_of_gates():
    """Each gate's block of each layer is orthogonal; all biases are 0."""
    for cell in CELLS:
        params = INITS['scaled'](Architecture(cell, 2, 6, 9), np.random.RandomState(3))
        gates = params.Whh.reshape(-1, 6, 6)
        assert np.allclose(gates @ gates.transpose(0, 2, 1), np.eye(6)) and params.Wih.any()
        assert not params.bh.any() and not params.bhn.any() and not params.by.any()


def test_scaled_values_are_normal():
    """To the eye: mean, variance, and shares beyond one, two and three standard deviations."""
    values = normal(np.random.RandomState(0), (200_000,))
    assert abs(values.mean()) < 0.01 and abs(values.var() - 1) < 0.01
    shares = [(abs(values) > k).mean() for k in (1, 2, 3)]
    np.testing.assert_allclose(shares, [0.317, 0.0455, 0.0027], atol=0.005)


def test_nobody_else_counts():
    """No formula for N or flops stands in another module."""
    formula = re.compile(r'\bH \* \(?H\b|\bV \* H\b|H \* V\b|hidden_size \* ')
    code = {path: re.sub(r'(?s)""".*?"""|#[^\n]*', '', path.read_text()) for path in PACKAGE.rglob('*.py')}
    assert [path.name for path, text in code.items() if formula.search(text)] == []
