"""Parameters from named arrays: the gist's five, or the tensors of a PyTorch network."""

from typing import Any

import numpy as np

from ..settings.options import check
from .architecture import GIST_NAMES, NGRAMS, Architecture, gist_shapes
from .foreign import GIVE, Named, check_characters, named_arrays, refuse_others, shaped, sizes
from .params import Floats, Params
from .torch_names import from_torch_tensors
from .torch_networks import bias_of, find_ends, find_layers, layer_tensors


def params_from(arrays: Any, V: int, ngrams: int | None = None) -> Params:
    """Copies of the arrays as the parameters of a model of V characters: float64 if one of them is, else float32.

    ``ngrams``: the highest order of the rows ``ngrams.weight``. Raises ValueError, in one line, for other arrays.
    """
    named = named_arrays(arrays)
    dtype = np.result_type(*named.values())
    if ngrams is not None and NGRAMS not in named:
        raise ValueError(f'ngrams is {ngrams}, but {NGRAMS} is missing; pass both or neither')
    with np.errstate(over='ignore'):
        params = _of_gist(named, V, dtype) if set(GIST_NAMES) & set(named) else _of_torch(named, V, ngrams, dtype)
    if not params.finite:
        raise ValueError(f'the weights are too large for {dtype}; pass them as float64')
    return params


def _of_gist(named: Named, V: int, dtype: Any) -> Params:
    for name in GIST_NAMES:
        if name not in named:
            raise ValueError(f'{name} is missing; {GIVE}')
    refuse_others(set(named) - set(GIST_NAMES), 'not part of a fastrnn model; leave out what the network does not need')
    H = sizes('Whh', named['Whh'])[1]
    check_characters(V, {name: sizes(name, named[name])[axis] for name, axis in (('Wxh', 1), ('Why', 0))})
    params = Params(Architecture('rnn', 1, H, V), dtype)
    for name, view in params.by_gist_name.items():
        view[...] = shaped(name, named[name], gist_shapes(H, V)[name])
    return params


def _of_torch(named: Named, V: int, ngrams: int | None, dtype: Any) -> Params:
    layers, others = find_layers(named)
    table = others.pop(NGRAMS, None)
    embedding, output = find_ends(layers, others, V)
    tensors: Named = {} if table is None else {NGRAMS: table}
    for k in range(layers.depth):
        tensors |= {f'rnn.{name}': array for name, array in layer_tensors(layers, k).items()}
    if embedding:
        tensors['rnn.weight_ih_l0'] = tensors['rnn.weight_ih_l0'] @ others.pop(embedding).T
    bias = bias_of(output)
    tensors['output.weight'] = others.pop(output)
    tensors['output.bias'] = shaped(bias, others.pop(bias), (V,)) if bias in others else np.zeros(V)
    refuse_others(others, 'fastrnn has no such layer; leave out only arrays that the network does not use')
    architecture = Architecture(layers.cell, layers.depth, layers.H, V, *_orders(table, ngrams, V))
    return from_torch_tensors(architecture, tensors, dtype)


def _orders(table: Floats | None, ngrams: int | None, V: int) -> tuple[int, int]:
    """The highest order of n-grams, and their rows for each order."""
    if table is None:
        return 0, 0
    if ngrams is None:
        raise ValueError(f'{NGRAMS} is of 2 to N characters; pass N as ngrams=N')
    check('ngrams', ngrams)
    rows = sizes(NGRAMS, table)[0]
    if ngrams < 2 or rows % (ngrams - 1):
        raise ValueError(f'{NGRAMS} has {rows:,} rows, which is not a multiple of ngrams - 1; ngrams is {ngrams}')
    shaped(NGRAMS, table, (rows, V))
    return ngrams, rows // (ngrams - 1)
