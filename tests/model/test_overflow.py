"""Weights as a diverged training leaves them: no command prints NaN or writes it, and each ends with 3."""

import math

import numpy as np
import pytest
from models import random_params, some_model

import fastrnn
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import save_model
from fastrnn.model.model import Model
from fastrnn.model.overflow import overflows
from fastrnn.model.params import Params

TEXT = 'abc abd\n' * 8
CASES = [('rnn', 'float64', 1e306), ('lstm', 'float64', 1e306), ('gru', 'float32', 3e38), ('rnn', 'float64', 1e4)]


def grown(cell, dtype, scale):
    """A model whose weights are finite, and far too large."""
    model = some_model(chars='\n abcd', dtype=dtype, H=8, cell=cell)
    model.params.flat[:] *= np.array(scale / np.abs(model.params.flat).max(), dtype)
    assert np.isfinite(model.params.flat).all()
    return model


@pytest.mark.parametrize(('cell', 'dtype', 'scale'), CASES)
def test_commands(tmp_path, cli, cell, dtype, scale):
    model, text = tmp_path / 'model', tmp_path / 'text'
    save_model(model, grown(cell, dtype, scale))
    text.write_text(TEXT)
    page = ('--html', tmp_path / 'page.html')
    commands = [('eval',), ('eval', '--json'), ('eval', '--window', 4), ('score',), ('score', *page)]
    for name, *options in commands:
        code, out, err = cli(name, model, text, *options)
        assert (code, out) == (3, '') and err.startswith('error: ') and err.count('\n') == 1, (name, out, err)
    measured = ('--quantize', '--text', text)
    exports = [measured, ('--quantize',), ()] if scale > 1e36 else [measured]
    for options in exports:
        code, out, err = cli('export', model, *page, *options)
        assert (code, out) == (3, '') and err.count('\n') == 1, (options, out, err)
    assert not page[1].exists()
    if scale > 1e36:
        options = ('--engine', 'batched', '--dtype', 'float32', '--iterations', 1)
        code, out, err = cli('train', text, '--from', model, *options)
        assert (code, out) == (3, '') and 'too large for float32' in err


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_from_python(tmp_path, value):
    model = some_model(chars='\n abcd', dtype='float32', H=8)
    model.params.Why[...] = value
    for use in (
        lambda: fastrnn.evaluate(model, TEXT),
        lambda: fastrnn.surprisals(model, TEXT),
        lambda: ''.join(fastrnn.sample(model, 5)),
        lambda: ''.join(fastrnn.samples(model, 2, 5)),
        lambda: fastrnn.export(model, tmp_path / 'page.html'),
        lambda: fastrnn.export(model, tmp_path / 'page.html', quantize=True),
        lambda: fastrnn.save_model(tmp_path / 'model', model),
        lambda: fastrnn.train(TEXT, weights=model),
    ):
        with pytest.raises(fastrnn.Diverged):
            use()
    assert list(tmp_path.iterdir()) == []


def test_a_diverged_training_is_not_saved(tmp_path, cli):
    (tmp_path / 'text').write_text(TEXT)
    options = ('--learning-rate', 1e6, '--hidden-size', 4, '--seq-length', 4, '--iterations', 90, '--seed', 0)
    code, out, err = cli('train', tmp_path / 'text', *options, '--quiet', '--save', tmp_path / 'model')
    assert (code, out) == (3, '') and 'error: the weights have inf or NaN, so they are not saved' in err
    assert not (tmp_path / 'model').exists()


@pytest.mark.parametrize(('cell', 'layers'), [('rnn', 1), ('rnn', 3), ('gru', 2), ('lstm', 1)])
def test_where_overflow_begins(cell, layers):
    """Each weight at the limit by itself is within it; any two that are added are not, nor is NaN."""
    params, limit = Params(Architecture(cell, layers, 2, 3)), float(np.finfo('f4').max)
    assert not overflows(params, 'f4')
    for name, view in params.by_name.items():
        for value, expected in ((limit, False), (2 * limit, True), (math.nan, True), (-math.inf, True)):
            if view.size:
                view.flat[0] = value
                assert overflows(params, 'f4') is expected, (name, value)
        view[...] = 0
    for first, second in (('Why', 'by'), ('Whh', 'bh'), ('WxhT', 'bh'), ('Wih', 'Whh')):
        if params.by_name[first].size:
            at = -1 if first in ('Wih', 'Whh') and layers > 1 else 0
            params.by_name[first].flat[at] = params.by_name[second].flat[at] = limit
            assert overflows(params, 'f4') and not overflows(params, 'f8')
            params.flat[:] = 0


def test_rows_of_n_grams_are_added_to_logits():
    """One row of each order: at the limit by itself it is within it, two of one order too."""
    params, limit = Params(Architecture('lstm', 1, 2, 3, ngrams=3, ngram_rows=4)), float(np.finfo('f4').max)
    rows = params.rows.reshape(2, 4, 3)
    for value, expected in ((limit, False), (2 * limit, True), (math.nan, True), (-math.inf, True)):
        rows[0, 1, 2] = rows[0, 3, 2] = value
        assert overflows(params, 'f4') is expected, value
    for other in (rows[1, 0], params.by, params.Why[2]):
        params.rows[:] = params.flat[:] = 0
        rows[0, 3, 2] = other[-1] = -limit
        assert overflows(params, 'f4') and not overflows(params, 'f8')


def test_ordinary_weights_are_far_from_it():
    params = random_params(Architecture('lstm', 2, 16, 5), 'float32', 0)
    assert not overflows(params, 'float16') and Model(params, 'abcde').params is params
