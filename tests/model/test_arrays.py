"""Models of named arrays, and back. That PyTorch computes the same: tests/proofs/test_pytorch.py."""

import re

import cell_oracles
import numpy as np
import pytest
from helpers import random_model
from models import MANY_KINDS, model_of, sampled

import fastrnn
from fastrnn.inference.evaluate import nats
from fastrnn.model.architecture import NGRAMS

CHARS = '\nabcde'
V, H = len(CHARS), 4
NAMES = ('Wxh', 'Whh', 'Why', 'bh', 'by')
IDS = np.random.default_rng(3).integers(0, V, 60).astype(np.uint32)
from_arrays = fastrnn.Model.from_arrays


def gist(**others):
    return dict(zip(NAMES, random_model(H, V, 1, 0.5), strict=True)) | others


def network(cell, layers, prefix='rnn.', output='output.', seed=0, dtype='float64'):
    """Tensors by PyTorch's names, of which all biases count."""
    rng, gates = np.random.default_rng(seed), {'rnn': 1, 'gru': 3, 'lstm': 4}[cell]
    shapes = {}
    for k in range(layers):
        shapes |= {f'{prefix}weight_ih_l{k}': (gates * H, H if k else V), f'{prefix}weight_hh_l{k}': (gates * H, H)}
        shapes |= {f'{prefix}bias_ih_l{k}': (gates * H,), f'{prefix}bias_hh_l{k}': (gates * H,)}
    shapes |= {f'{output}weight': (V, H), f'{output}bias': (V,)}
    return {name: rng.standard_normal(shape).astype(dtype) / 2 for name, shape in shapes.items()}


# --- the gist's five ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('shape', [(-1, 1), (-1,), (1, -1)], ids=str)
def test_the_gists_arrays(shape):
    """Whatever the shape of biases; they are copied."""
    given = gist()
    given |= {name: given[name].reshape(shape) for name in ('bh', 'by')}
    model = from_arrays(CHARS, **given)
    before = gist()
    assert model.chars == CHARS and model.params.flat.dtype == np.float64
    for array in given.values():
        array[...] = 0
    assert all(np.array_equal(array, before[name]) for name, array in model.arrays().items())
    expected, _ = cell_oracles.nats('rnn', cell_oracles.from_gist(list(before.values())), IDS)
    assert np.allclose(nats(model.params, IDS), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(('dtypes', 'dtype'), [
    (['float32'] * 5, 'float32'), (['float16'] * 5, 'float32'), (['float32'] * 4 + ['float64'], 'float64'),
])  # fmt: skip
def test_the_dtype(dtypes, dtype):
    given = {name: array.astype(kind) for (name, array), kind in zip(gist().items(), dtypes, strict=True)}
    model = from_arrays(CHARS, given)
    assert model.params.flat.dtype == dtype
    assert all(np.array_equal(array, given[name]) for name, array in model.arrays().items())


def test_ways_to_pass_them():
    given = gist()
    expected = from_arrays(CHARS, **given)
    ways = [from_arrays([*CHARS], given), from_arrays({char: k for k, char in enumerate(CHARS)}, **given)]
    ways += [from_arrays(CHARS, {name: given[name] for name in NAMES[:3]}, bh=given['bh'], by=given['by'])]
    assert all(model == expected for model in ways)
    assert from_arrays(CHARS[::-1], **given) != expected


def test_an_array_that_is_given_twice():
    with pytest.raises(ValueError, match=r'^bh, by: both in the state dict and a keyword; pass each array once$'):
        from_arrays(CHARS, gist(), by=gist()['by'], bh=gist()['bh'])


def test_models_of_bytes():
    chars = '\x00\xff\ufffd\ncd'
    assert from_arrays(chars, **gist(), unit='byte').unit == 'byte'
    with pytest.raises(ValueError, match=r'^the vocabulary has U\+20AC, which is not a byte$'):
        from_arrays('€bcdef', **gist(), unit='byte')
    with pytest.raises(ValueError, match=r"^unknown unit 'word': use character or byte$"):
        from_arrays(CHARS, **gist(), unit='word')


# --- PyTorch's --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('prefix', 'output'), [('rnn.', 'output.'), ('lstm.', 'fc.'), ('module.net.gru.', 'module.h.')]
)
@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_a_networks_tensors(cell, layers, prefix, output):
    """The oracle has both biases; names are the network's own."""
    model = from_arrays(CHARS, network(cell, layers, prefix, output))
    expected, _ = cell_oracles.nats(cell, network(cell, layers), IDS)
    assert np.allclose(nats(model.params, IDS), expected, rtol=0, atol=1e-12)
    assert model == from_arrays(CHARS, **network(cell, layers))


def test_a_cell_of_one_step():
    """torch.nn.LSTMCell and the like, whose names have no layer."""
    tensors = {name.removesuffix('_l0'): array for name, array in network('lstm', 1, 'cell.').items()}
    assert from_arrays(CHARS, tensors) == from_arrays(CHARS, network('lstm', 1))
    bare = {name.removeprefix('cell.'): array for name, array in tensors.items()}
    assert from_arrays(CHARS, bare) == from_arrays(CHARS, network('lstm', 1))


@pytest.mark.parametrize('cell', ['rnn', 'gru', 'lstm'])
def test_without_biases(cell):
    bare = {name: array for name, array in network(cell, 2).items() if 'bias' not in name}
    zeros = {name: array * ('bias' not in name) for name, array in network(cell, 2).items()}
    assert from_arrays(CHARS, bare) == from_arrays(CHARS, zeros)


def embedded(D, embedding='encoder.', output='decoder.', cell='gru'):
    rng, tensors = np.random.default_rng(5), network(cell, 2, 'rnn.', output)
    rows = tensors['rnn.weight_ih_l0'].shape[0]
    return {f'{embedding}weight': rng.standard_normal((V, D)), **tensors} | {
        'rnn.weight_ih_l0': rng.standard_normal((rows, D)) / 2
    }


@pytest.mark.parametrize('D', [1, 3, H, V, 9])
def test_an_embedding(D):
    """It becomes a part of the first layer."""
    tensors = embedded(D)
    product = tensors['rnn.weight_ih_l0'] @ tensors['encoder.weight'].T
    one_hot = {name.replace('decoder', 'output'): array for name, array in tensors.items() if 'encoder' not in name}
    expected, _ = cell_oracles.nats('gru', one_hot | {'rnn.weight_ih_l0': product}, IDS)
    assert np.allclose(nats(from_arrays(CHARS, tensors).params, IDS), expected, rtol=0, atol=1e-12)


def test_an_embedding_of_the_output_layers_shape():
    """They are told apart by the bias, else by names; tied ones need not be."""
    expected = from_arrays(CHARS, embedded(H))
    assert from_arrays(CHARS, embedded(H, 'a.', 'b.')) == from_arrays(CHARS, embedded(H, 'z.', 'b.')) == expected
    turned = dict(reversed([*embedded(H).items()]))
    assert from_arrays(CHARS, turned) == expected
    unbiased = {name: array for name, array in embedded(H, 'emb.', 'a.').items() if name != 'a.bias'}
    assert not from_arrays(CHARS, unbiased).params.by.any()
    assert np.array_equal(from_arrays(CHARS, unbiased).params.Why, unbiased['a.weight'])
    strange = {name: array for name, array in embedded(H, 'b.', 'a.').items() if name != 'a.bias'}
    with pytest.raises(ValueError, match=r'^a.weight, b.weight: which is the embedding\? Name one of them emb'):
        from_arrays(CHARS, strange)
    tied = from_arrays(CHARS, strange | {'b.weight': strange['a.weight']})
    assert np.array_equal(tied.params.Why, strange['a.weight'])
    both = embedded(H)
    both['encoder.weight'] = both['decoder.weight']
    assert from_arrays(CHARS, both) == from_arrays(CHARS, dict(reversed(both.items())))


@pytest.mark.parametrize('name', ['embedding', 'net.char_emb', 'charEmbedding', 'token_embedding_table', 'wte', 'EMB'])
def test_names_of_embeddings(name):
    """Whole words of a name tell; parts of words, as in 'sequence', do not."""
    given = without('sequence_out.bias', embedded(H, f'{name}.', 'sequence_out.'))
    assert np.array_equal(from_arrays(CHARS, given).params.Why, given['sequence_out.weight'])
    expected = from_arrays(CHARS, embedded(V))
    assert from_arrays(CHARS, embedded(V, f'{name}.')) == expected


def test_a_square_matrix_before_the_recurrent_layers():
    """An embedding, or a Linear layer, whose weights are the transpose: only a name tells."""
    message = (
        f'sequence.weight {(V, V)}: an embedding or a Linear layer? Name it embedding.weight if it is an embedding; '
        'fastrnn has no other layer before the recurrent ones'
    )
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        from_arrays(CHARS, embedded(V, 'sequence.'))
    with pytest.raises(ValueError, match=r'^first.bias: fastrnn has no such layer; '):
        from_arrays(CHARS, embedded(V, 'first.') | {'first.bias': ZEROS(V)})


# --- what is refused --------------------------------------------------------------------------------------------------

GIVE = 'pass Wxh, Whh, Why, bh, by, or the state dict of a PyTorch network'
ZEROS = np.zeros
LSTM = network('lstm', 2, 'lstm.', 'fc.')


def without(name, tensors=LSTM):
    return {other: array for other, array in tensors.items() if other != name}


def projected(tensors):
    return tensors | {'lstm.weight_hr_l0': ZEROS((2, H)), 'lstm.weight_hh_l0': ZEROS((4 * H, 2))}


REFUSED = {
    'by is missing': (without('by', gist()), f'by is missing; {GIVE}'),
    'one more': (gist(bz=ZEROS(3)), 'bz: not part of a fastrnn model; leave out what the network does not need'),
    'another language': ({'W': ZEROS((3, 3))}, f'no recurrent layer (weight_ih_l0, weight_hh_l0) among W; {GIVE}'),
    'transposed': (gist(Wxh=ZEROS((V, H))), f'Wxh has shape {(V, H)}; it must be {(H, V)}; pass its transpose (.T)'),
    'Whh': (gist(Whh=ZEROS((H, H + 1))), f'Wxh has shape {(H, V)}; it must be {(H + 1, V)}'),
    'bh': (gist(bh=ZEROS(H + 1)), f'bh has shape {(H + 1,)}; it must be {(H, 1)}'),
    'a flat matrix': (gist(Whh=ZEROS(H * H)), f'Whh has shape {(H * H,)}; it must be a matrix with numbers in it'),
    'no units': (gist(Whh=ZEROS((0, 0))), 'Whh has shape (0, 0); it must be a matrix with numbers in it'),
    'a layer is missing': (without('lstm.weight_hh_l1'),
        'lstm.weight_hh_l1 is missing; pass all tensors of the recurrent layers'),
    'a bias is missing': (without('lstm.bias_ih_l0'),
        'lstm.bias_ih_l0 is missing; pass all tensors of the recurrent layers'),
    'the output is missing': (without('fc.weight'),
        f'the weights of the output layer are missing, shape {(V, H)}; pass all of the state dict'),
    'a hidden layer': (LSTM | {'fc0.weight': ZEROS((H, H)), 'fc0.bias': ZEROS(H)},
        f'fc.weight {(V, H)} and fc0.weight {(H, H)}; of two matrices one must be an embedding {(V, V)}, '
        f'one the output layer {(V, H)}'),
    'a row for padding': (embedded(H) | {'encoder.weight': ZEROS((V + 1, H))},
        f'encoder.weight {(V + 1, H)} and decoder.weight {(V, H)}; of two matrices one must be an embedding {(V, H)}, '
        f'one the output layer {(V, H)}'),
    'more layers': (LSTM | {f'fc{k}.weight': ZEROS((H, H)) for k in range(3)},
        'fc.weight, fc0.weight, fc1.weight and 1 more: a fastrnn model has one output layer, and at most an embedding'),
    'a norm': (LSTM | {'norm.weight': ZEROS(H), 'norm.bias': ZEROS(H)},
        'norm.bias, norm.weight: fastrnn has no such layer; leave out only arrays that the network does not use'),
    'bidirectional': (LSTM | {'lstm.weight_ih_l0_reverse': ZEROS((4 * H, V))},
        'lstm.weight_ih_l0_reverse: a bidirectional network cannot generate text; train one direction'),
    'projections': (projected(LSTM), 'lstm.weight_hr_l0: fastrnn has no projections; train an LSTM without proj_size'),
    'two modules': (LSTM | {'gru.weight_hh_l0': ZEROS((3 * H, H))},
        'lstm.weight_hh_l0 and gru.weight_hh_l0 are of two modules; pass one, '
        'or name layers of one stack _l0, _l1, ...'),
    'another cell': (LSTM | {'lstm.weight_hh_l0': ZEROS((2 * H, H))},
        f'lstm.weight_hh_l0 has shape {(2 * H, H)}; it must have 1, 3 or 4 rows per column (tanh, GRU, LSTM)'),
    'another shape': (LSTM | {'lstm.weight_ih_l1': ZEROS((4 * H, V))},
        f'lstm.weight_ih_l1 has shape {(4 * H, V)}; it must be {(4 * H, H)}'),
    'no embedding': (LSTM | {'lstm.weight_ih_l0': ZEROS((4 * H, 9))},
        f'lstm.weight_ih_l0 has 9 columns; it must have {V}, one per character, or pass the embedding, shape {(V, 9)}'),
    'NaN': (LSTM | {'fc.bias': ZEROS(V) * np.nan},
        'fc.bias holds NaN or inf: the training has diverged; pass earlier weights'),
    'rows without an order': (LSTM | {NGRAMS: ZEROS((8, V))},
        'ngrams.weight is of 2 to N characters; pass N as ngrams=N'),
    'too large': ({name: np.full_like(array, 3e38, 'float32') for name, array in LSTM.items()},
        'the weights are too large for float32; pass them as float64'),
}  # fmt: skip


@pytest.mark.parametrize('case', REFUSED)
def test_what_is_refused(case):
    arrays, message = REFUSED[case]
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        from_arrays(CHARS, arrays)


def test_another_number_of_characters():
    for arrays, names in ((gist(), 'Wxh and Why'), (LSTM, 'fc.weight and lstm.weight_ih_l0')):
        with pytest.raises(ValueError, match=f'^chars has 5 characters, but {names} are for 6$'):
            from_arrays(CHARS[:5], arrays)
    with pytest.raises(ValueError, match=r'^chars has 7 characters, but encoder.weight and decoder.weight are for 6$'):
        from_arrays(CHARS + 'x', embedded(9))


@pytest.mark.parametrize(('ngrams', 'message'), [
    (1, 'ngrams.weight has 8 rows, which is not a multiple of ngrams - 1; ngrams is 1'),
    (4, 'ngrams.weight has 8 rows, which is not a multiple of ngrams - 1; ngrams is 4'),
    (99, 'ngrams is 99; it must be a whole number, from 0 to 8'),
])  # fmt: skip
def test_orders_of_rows(ngrams, message):
    with pytest.raises(ValueError, match=f'^{re.escape(message)}$'):
        from_arrays(CHARS, LSTM | {NGRAMS: ZEROS((8, V))}, ngrams=ngrams)
    with pytest.raises(ValueError, match=r'^ngrams is 3, but ngrams.weight is missing; pass both or neither$'):
        from_arrays(CHARS, LSTM, ngrams=3)


# --- and back ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('rows', [{}, {'ngrams': 3, 'ngram_rows': 5}], ids=['', '3-grams'])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_there_and_back(tmp_path, cell, layers, dtype, rows):
    """Every bit, by way of the arrays and of the file, by the file's names."""
    model = model_of(CHARS, H, dtype, cell, layers, **rows)
    arrays, ngrams = model.arrays(), rows.get('ngrams')
    assert {name: array.shape for name, array in arrays.items()} == model.params.architecture.file_shapes
    again = from_arrays(CHARS, arrays, ngrams=ngrams)
    assert again == model and not any(np.shares_memory(again.params.flat, array) for array in arrays.values())
    fastrnn.save_model(tmp_path / 'model', again)
    assert fastrnn.load_model(tmp_path / 'model') == model


@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_views(cell, layers):
    """What is written into them is seen; what could not be, is refused."""
    model, arrays = model_of(CHARS, H, cell=cell, layers=layers, ngrams=2, ngram_rows=3), None
    arrays = model.arrays()
    for name, array in arrays.items():
        if 'bias_hh' in name:
            with pytest.raises(ValueError, match='read-only'):
                array[...] = 1
        else:
            array[...] = 0
    assert not model.params.rows.any() and not (model.params.flat.any() and cell != 'gru')
    model.params.bhn[...] = 0
    assert np.allclose(nats(model.params, IDS), np.log(V))
    arrays['output.bias'][2] = 100
    assert sampled(model, 5, seed=0) == CHARS[2] * 5
