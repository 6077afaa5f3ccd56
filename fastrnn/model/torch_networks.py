"""Finds the layers of a PyTorch character model in its state dict.

Recurrent tensors have PyTorch's names (``weight_ih_l0``) with any prefix. The shape of ``weight_hh_l0`` shows the cell.
The other matrix is the output layer; of two others, one is an embedding.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .architecture import CELLS
from .foreign import GIVE, Named, check_characters, listed, shaped, shown, sizes
from .params import Floats

RECURRENT = re.compile(r'(?:(.*)\.)?((?:weight|bias)_(?:ih|hh|hr))(?:_l([0-9]{1,3}))?(_reverse)?')  # a cell has no _l0
EMBEDDING = {'emb', 'embed', 'embedder', 'embedding', 'embeddings', 'enc', 'encoder', 'wte'}  # words of its name


class Layers(NamedTuple):
    """The recurrent layers of a network."""

    cell: str
    H: int
    D: int  # input size of the first layer
    depth: int
    tensors: Named  # by PyTorch's names, such as weight_ih_l0
    given: dict[str, str]  # PyTorch's names to the names in the state dict


def find_layers(named: Named) -> tuple[Layers, Named]:
    """The recurrent layers, and all other tensors."""
    others = {name: array for name, array in named.items() if not RECURRENT.fullmatch(name)}
    given = _given(name for name in named if name not in others)
    if not given:
        raise ValueError(f'no recurrent layer (weight_ih_l0, weight_hh_l0) among {listed(named)}; {GIVE}')
    tensors = {own: named[name] for own, name in given.items()}
    depth = 1 + max(int(own.rsplit('_l', 1)[1]) for own in given)
    _check_complete(given, depth)
    rows, H = sizes(given['weight_hh_l0'], tensors['weight_hh_l0'])
    cells = [cell for cell, kind in CELLS.items() if kind.gates * H == rows]
    if not cells:
        name = shown(given['weight_hh_l0'])
        raise ValueError(f'{name} has shape {(rows, H)}; it must have 1, 3 or 4 rows per column (tanh, GRU, LSTM)')
    D = sizes(given['weight_ih_l0'], tensors['weight_ih_l0'])[1]
    return Layers(cells[0], H, D, depth, tensors, given), others


def _given(names: Iterable[str]) -> dict[str, str]:
    """Map PyTorch's names of recurrent tensors to their names in a state dict."""
    given: dict[str, str] = {}
    for name in names:
        match = RECURRENT.fullmatch(name)
        assert match
        _, kind, layer, reverse = match.groups()
        if reverse:
            raise ValueError(f'{shown(name)}: a bidirectional network cannot generate text; train one direction')
        if kind == 'weight_hr':
            raise ValueError(f'{shown(name)}: fastrnn has no projections; train an LSTM without proj_size')
        own = f'{kind}_l{int(layer or 0)}'
        if own in given:
            both = f'{shown(given[own])} and {shown(name)}'
            raise ValueError(f'{both} are of two modules; pass one, or name layers of one stack _l0, _l1, ...')
        given[own] = name
    return given


def _check_complete(given: dict[str, str], depth: int) -> None:
    """Raise ValueError if a tensor is missing; a network must have all biases or none."""
    own, name = next(iter(given.items()))
    prefix = name.removesuffix(own)
    biases = ('bias_ih', 'bias_hh') if any(own.startswith('bias') for own in given) else ()
    for k in range(depth):
        for kind in ('weight_ih', 'weight_hh', *biases):
            if f'{kind}_l{k}' not in given:
                raise ValueError(f'{shown(prefix)}{kind}_l{k} is missing; pass all tensors of the recurrent layers')


def layer_tensors(layers: Layers, k: int) -> Named:
    """The four tensors of a layer. PyTorch's two biases are summed, except in the last gate of a GRU."""
    H, gates, blocks = layers.H, CELLS[layers.cell].gates, CELLS[layers.cell].blocks
    own = (blocks - gates) * H  # separate biases of the hidden side, the last ones

    def tensor(kind: str, *shape: int) -> Floats:
        name = f'{kind}_l{k}'
        return shaped(layers.given[name], layers.tensors[name], shape).astype(np.float64)

    ih, hh = np.zeros(gates * H), np.zeros(gates * H)
    if f'bias_ih_l{k}' in layers.given:
        ih, hh = tensor('bias_ih', gates * H), tensor('bias_hh', gates * H)
    shared = slice(gates * H - own)
    ih[shared] += hh[shared]
    hh[shared] = 0
    return {
        f'weight_ih_l{k}': tensor('weight_ih', gates * H, H if k else layers.D),
        f'weight_hh_l{k}': tensor('weight_hh', gates * H, H),
        f'bias_ih_l{k}': ih,
        f'bias_hh_l{k}': hh,
    }


def find_ends(layers: Layers, others: Named, V: int) -> tuple[str, str]:
    """The names of the embedding's weights ('': no embedding) and of the output layer's; their shapes are checked."""
    H, D, first = layers.H, layers.D, layers.given['weight_ih_l0']
    matrices = [name for name, array in others.items() if array.ndim == 2]
    if not matrices:
        raise ValueError(f'the weights of the output layer are missing, shape {(V, H)}; pass all of the state dict')
    if len(matrices) > 2:
        raise ValueError(f'{listed(matrices)}: a fastrnn model has one output layer, and at most an embedding')
    if len(matrices) == 1:
        check_characters(V, {matrices[0]: others[matrices[0]].shape[0], first: D})
        shaped(matrices[0], others[matrices[0]], (V, H))
        if V != D:
            raise ValueError(
                f'{shown(first)} has {D} columns; it must have {V}, one per character, or pass the embedding, '
                f'shape {(V, D)}'
            )
        return '', matrices[0]
    shapes = {name: others[name].shape for name in matrices}
    fitting = [
        (one, other)
        for one, other in (matrices, matrices[::-1])
        if shapes[one][1] == D and shapes[other][1] == H and shapes[one][0] == shapes[other][0]
    ]
    if not fitting:
        found = ' and '.join(f'{shown(name)} {shape}' for name, shape in shapes.items())
        raise ValueError(f'{found}; of two matrices one must be an embedding {(V, D)}, one the output layer {(V, H)}')
    tied = np.array_equal(others[matrices[0]], others[matrices[1]])
    embedding, output = fitting[0] if len(fitting) == 1 else _told_apart(matrices, others, tied)
    check_characters(V, {name: shape[0] for name, shape in shapes.items()})
    # of a square matrix the shape does not tell; that of a Linear layer is the transpose
    if V == D and not (tied or _is_embedding(embedding) or bias_of(embedding) in others):
        raise ValueError(
            f'{shown(embedding)} {(V, D)}: an embedding or a Linear layer? Name it embedding.weight if it is an '
            'embedding; fastrnn has no other layer before the recurrent ones'
        )
    return embedding, output


def _told_apart(matrices: list[str], others: Named, tied: bool) -> tuple[str, str]:
    """Tell an embedding from an output layer of the same shape, by their names or the output layer's bias."""
    one, other = matrices
    biased = [name for name in matrices if bias_of(name) in others]
    embeddings = [name for name in matrices if _is_embedding(name)]
    if tied and not biased:
        return one, other
    if len(biased) == 1 or len(embeddings) == 1:
        output = biased[0] if len(biased) == 1 else next(name for name in matrices if name not in embeddings)
        return (other if output == one else one), output
    raise ValueError(f'{listed(matrices)}: which is the embedding? Name one of them embedding.weight')


def _is_embedding(name: str) -> bool:
    return not EMBEDDING.isdisjoint(word.lower() for word in re.findall('[A-Z]?[a-z]+|[A-Z]+', name))


def bias_of(weight: str) -> str:
    return f'{weight.removesuffix("weight")}bias'
