"""Parameters under PyTorch's names and in its shapes, as ``torch.nn.RNN``, ``GRU``, ``LSTM`` and ``Linear`` have them.

PyTorch adds two biases in each gate: here ``bias_hh`` is 0 except in the last gate of a GRU, which needs it.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike

from .architecture import NGRAMS, Architecture
from .params import Floats, Params


def torch_views(params: Params) -> dict[str, Floats]:
    """Views in the shapes of ``architecture.torch_shapes``; only ``bias_hh`` is a read-only copy."""
    views: dict[str, Floats] = {}
    for layer in range(params.architecture.layers):
        bias_hh = np.zeros_like(params.bh[layer])
        bias_hh[bias_hh.size - params.bhn.shape[1] :] = params.bhn[layer]
        bias_hh.flags.writeable = False
        parts = {
            'weight_ih': params.Wih[layer - 1] if layer else params.Wxh,
            'weight_hh': params.Whh[layer],
            'bias_ih': params.bh[layer],
            'bias_hh': bias_hh,
        }
        views |= {f'rnn.{name}_l{layer}': part for name, part in parts.items()}
    views |= {'output.weight': params.Why, 'output.bias': params.by}
    return views | ({NGRAMS: params.rows} if params.architecture.ngrams else {})


def torch_tensors(params: Params) -> dict[str, Floats]:
    """Copies of them, contiguous."""
    return {name: np.array(view, order='C') for name, view in torch_views(params).items()}


def from_torch_tensors(architecture: Architecture, tensors: Mapping[str, Floats], dtype: DTypeLike) -> Params:
    """Parameters of such tensors, whose shapes have to be ``architecture.torch_shapes``.

    Raises ValueError for a bias_hh that is not 0 where bias_ih has its part.
    """
    params = Params(architecture, dtype)
    for layer in range(architecture.layers):
        part = {name: tensors[f'rnn.{name}_l{layer}'] for name in ('weight_ih', 'weight_hh', 'bias_ih', 'bias_hh')}
        (params.Wih[layer - 1] if layer else params.Wxh)[...] = part['weight_ih']
        params.Whh[layer], params.bh[layer] = part['weight_hh'], part['bias_ih']
        shared, params.bhn[layer] = np.split(part['bias_hh'], [params.bh.shape[1] - params.bhn.shape[1]])
        if shared.any():
            raise ValueError(f'rnn.bias_hh_l{layer} is not 0 where it is one with bias_ih')
    params.Why[...], params.by[...] = tensors['output.weight'], tensors['output.bias']
    if architecture.ngrams:
        params.rows[...] = tensors[NGRAMS]
    return params
