"""Parameters under PyTorch's names and in its shapes, as ``torch.nn.RNN``, ``GRU``, ``LSTM`` and ``Linear`` have them.

PyTorch has two biases a gate, which it adds: ``bias_hh`` is 0 here, but for the last gate of a GRU, which needs it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .architecture import Architecture
from .params import Floats, Params


def torch_tensors(params: Params) -> dict[str, Floats]:
    """Copies, contiguous: ``rnn.weight_ih_l0`` (G*H, V), ``rnn.weight_hh_l0`` (G*H, H), ..., ``output.bias`` (V,)."""
    tensors: dict[str, Floats] = {}
    for layer in range(params.architecture.layers):
        bias_hh = np.zeros_like(params.bh[layer])
        bias_hh[bias_hh.size - params.bhn.shape[1] :] = params.bhn[layer]
        parts = {
            'weight_ih': params.Wih[layer - 1] if layer else params.Wxh,
            'weight_hh': params.Whh[layer],
            'bias_ih': params.bh[layer],
            'bias_hh': bias_hh,
        }
        tensors |= {f'rnn.{name}_l{layer}': np.array(part, order='C') for name, part in parts.items()}
    return tensors | {'output.weight': params.Why.copy(), 'output.bias': params.by.copy()}


def from_torch_tensors(architecture: Architecture, tensors: Mapping[str, Any], dtype: Any) -> Params:
    """Parameters of tensors that :func:`torch_tensors` made; others are not looked at.

    Raises KeyError for one that is missing, ValueError for one whose shape or type does not fit, or for a bias_hh that
    is not 0 where it must be.
    """
    params = Params(architecture, dtype)
    for layer in range(architecture.layers):
        bias_hh = np.zeros_like(params.bh[layer])
        _take(tensors, f'rnn.weight_ih_l{layer}', params.Wih[layer - 1] if layer else params.Wxh)
        _take(tensors, f'rnn.weight_hh_l{layer}', params.Whh[layer])
        _take(tensors, f'rnn.bias_ih_l{layer}', params.bh[layer])
        _take(tensors, f'rnn.bias_hh_l{layer}', bias_hh)
        own = bias_hh.size - params.bhn.shape[1]
        params.bhn[layer] = bias_hh[own:]
        if bias_hh[:own].any():
            raise ValueError(f'rnn.bias_hh_l{layer} is not 0 where it is one with bias_ih')
    _take(tensors, 'output.weight', params.Why)
    _take(tensors, 'output.bias', params.by)
    return params


def _take(tensors: Mapping[str, Any], name: str, view: Floats) -> None:
    array = tensors[name]
    if array.shape != view.shape or array.dtype != view.dtype:
        raise ValueError(f'{name} has shape {array.shape} and type {array.dtype}, not {view.shape} and {view.dtype}')
    view[...] = array
