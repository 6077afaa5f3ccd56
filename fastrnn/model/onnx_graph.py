"""One step of a model as an ONNX graph in float32: ids and states in, logits and states out.

The graph has standard operators of opset 13, which all runtimes support; n-grams need BitwiseXor of opset 18. Integers
are int64, as few runtimes multiply unsigned ones; products wrap at 64 bits, as in NumPy.
"""

from typing import Any

import numpy as np

from .architecture import NGRAMS, Architecture
from .params import Floats, Params

OPSET, NGRAMS_OPSET = 13, 18
IR_VERSIONS = {OPSET: 7, NGRAMS_OPSET: 8}  # released with each opset, so that runtimes of that time can read the file
IDS = 'number of each character, its place in the vocabulary (see the metadata)'
STATES = {
    'h': 'hidden states by layer; zeros before a text',
    'c': 'cell states by layer; zeros before a text',
    'recent': 'numbers of the characters before, plus 1, newest first; zeros before a text',
}
LOGITS = 'of the next character; softmax gives its probabilities'
# the same as in kernels/batched/ngrams.py
FACTORS = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], np.uint64).astype(np.int64)
NOTHING = 1 << 32  # replaces id + 1 before the text's first character


def opset(architecture: Architecture) -> int:
    return NGRAMS_OPSET if architecture.ngrams else OPSET


class Graph:
    """Nodes and constants in the order in which they are added. Nodes are numbered."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: Any) -> str:
        """Store values as float32, int64 or uint64; returns their name."""
        array = np.asarray(values)
        kind = {'f': np.float32, 'u': np.uint64}.get(array.dtype.kind, np.int64)
        self.constants.setdefault(name, self._numpy_helper.from_array(np.asarray(array, kind, order='C'), name))
        return name

    def add(self, operator: str, *inputs: str, out: str = '', **settings: Any) -> str:
        """Add an operator; returns the name of its output."""
        return self.parts(operator, *inputs, out=[out or f'{operator.lower()}_{len(self.nodes)}'], **settings)[0]

    def parts(self, operator: str, *inputs: str, out: list[str], **settings: Any) -> list[str]:
        """Add an operator with several outputs; returns their names."""
        self.nodes.append(
            self._helper.make_node(operator, inputs, out, name=f'{operator}_{len(self.nodes)}', **settings)
        )
        return out

    def split(self, x: str, *sizes: int) -> list[str]:
        """Split the last axis into parts."""
        names = [f'{x}_{k}' for k in range(len(sizes))]
        return self.parts('Split', x, self.constant(f'sizes_{"_".join(map(str, sizes))}', [*sizes]), out=names, axis=-1)

    def at(self, x: str, k: int, axis: int) -> str:
        """x at index k of an axis; the axis is removed."""
        return self.add('Gather', x, self.constant(f'place_{k}', k), axis=axis)

    def stack(self, parts: list[str], axis: int, out: str = '') -> str:
        """Stack parts along a new axis."""
        one = self.constant(f'axis_{axis}', [axis])
        return self.add('Concat', *(self.add('Unsqueeze', part, one) for part in parts), axis=axis, out=out)


def step_graph(params: Params) -> Any:
    """The step as onnx's GraphProto."""
    from onnx import TensorProto, helper

    architecture, graph = params.architecture, Graph()
    L, H, V, orders = architecture.layers, architecture.H, architecture.V, max(0, architecture.ngrams - 1)
    names = ['h', 'c'][: architecture.kind.states]
    states: dict[str, list[str]] = {name: [] for name in names}
    x = graph.add('Gather', graph.constant('rnn.weight_ih_l0.T', params.WxhT), 'ids', axis=0)
    for k in range(L):
        if k:
            x = graph.add('Gemm', states['h'][-1], graph.constant(f'rnn.weight_ih_l{k}', params.Wih[k - 1]), transB=1)
        before = [graph.at(name, k, axis=0) for name in names]
        z = _product(graph, before[0], f'rnn.weight_hh_l{k}', params.Whh[k], f'rnn.bias_l{k}', _bias(params, k))
        after = {'rnn': _tanh, 'gru': _gru, 'lstm': _lstm}[architecture.cell](graph, params, k, x, z, before)
        for name, state in zip(names, after, strict=True):
            states[name].append(state)
    top, last = states['h'][-1], 'sums' if orders else 'logits'
    _product(graph, top, 'output.weight', params.Why, 'output.bias', params.by, last)
    for name in names:
        graph.stack(states[name], 0, out=f'{name}_next')
    if orders:
        graph.add('Add', last, _rows(graph, params), out='logits')

    def value(name: str, kind: int, shape: list[Any], words: str) -> Any:
        return helper.make_tensor_value_info(name, kind, shape, doc_string=words)

    shapes = {name: (TensorProto.FLOAT, [L, 'batch', H]) for name in names}
    if orders:
        shapes['recent'] = (TensorProto.INT64, ['batch', orders])
    inputs = [value('ids', TensorProto.INT64, ['batch'], IDS)]
    inputs += [value(name, *shape, STATES[name]) for name, shape in shapes.items()]
    outputs = [value('logits', TensorProto.FLOAT, ['batch', V], LOGITS)]
    outputs += [value(f'{name}_next', *shape, f'{name} for the next step') for name, shape in shapes.items()]
    return helper.make_graph(graph.nodes, 'step', inputs, outputs, list(graph.constants.values()))


def _product(graph: Graph, x: str, name: str, weight: Floats, bias: str, biases: Floats, out: str = '') -> str:
    """weight @ x + bias, for each row of a batch."""
    return graph.add('Gemm', x, graph.constant(name, weight), graph.constant(bias, biases), transB=1, out=out)


def _bias(params: Params, k: int) -> Floats:
    """The biases added to Whh @ h: all except those of the input side of a GRU's last gate."""
    own = params.bhn.shape[1]
    return np.concatenate([params.bh[k, : params.bh.shape[1] - own], params.bhn[k]])


def _tanh(graph: Graph, params: Params, k: int, x: str, z: str, before: list[str]) -> list[str]:
    return [graph.add('Tanh', graph.add('Add', x, z))]


def _gru(graph: Graph, params: Params, k: int, x: str, z: str, before: list[str]) -> list[str]:
    H = params.H
    (x_gates, x_new), (z_gates, z_new) = graph.split(x, 2 * H, H), graph.split(z, 2 * H, H)
    reset, update = graph.split(graph.add('Sigmoid', graph.add('Add', x_gates, z_gates)), H, H)
    x_new = graph.add('Add', x_new, graph.constant(f'rnn.bias_in_l{k}', params.bh[k, 2 * H :]))
    new = graph.add('Tanh', graph.add('Add', x_new, graph.add('Mul', reset, z_new)))
    return [graph.add('Add', new, graph.add('Mul', update, graph.add('Sub', before[0], new)))]


def _lstm(graph: Graph, params: Params, k: int, x: str, z: str, before: list[str]) -> list[str]:
    i, f, g, o = graph.split(graph.add('Add', x, z), *[params.H] * 4)
    kept = graph.add('Mul', graph.add('Sigmoid', f), before[1])
    c = graph.add('Add', kept, graph.add('Mul', graph.add('Sigmoid', i), graph.add('Tanh', g)))
    return [graph.add('Mul', graph.add('Sigmoid', o), graph.add('Tanh', c)), c]


def _rows(graph: Graph, params: Params) -> str:
    """Sums of the rows of the last characters' n-grams, (batch, V), computed as in kernels/batched/ngrams.py."""
    orders, rows = params.architecture.ngrams - 1, params.architecture.ngram_rows
    one, zero = graph.constant('one', 1), graph.constant('zero', 0)
    newest = graph.add('Add', 'ids', one)
    known = graph.add('Where', graph.add('Equal', 'recent', zero), graph.constant('nothing', NOTHING), 'recent')
    h, hashes = _mixed(graph, newest), []
    for k in range(orders):
        h = _mixed(graph, graph.add('Add', h, graph.at(known, k, axis=1)))
        hashes.append(h)
    high = _shifted(graph, graph.add('Mul', graph.stack(hashes, 1), graph.constant('factor_1', FACTORS[1])), 32)
    place = _shifted(graph, graph.add('Mul', high, graph.constant('rows', rows)), 32)
    place = graph.add('Add', place, graph.constant('first_rows', np.arange(orders) * rows))
    found = graph.add('Gather', graph.constant(NGRAMS, params.rows), place, axis=0)
    older = graph.add('Gather', 'recent', graph.constant('older', np.arange(orders - 1)), axis=1)
    newest = graph.add('Unsqueeze', newest, graph.constant('axis_1', [1]))
    graph.add('Concat', newest, older, axis=1, out='recent_next')
    return graph.add('ReduceSum', found, graph.constant('axis_1', [1]), keepdims=0)


def _mixed(graph: Graph, h: str) -> str:
    h = graph.add('Mul', h, graph.constant('factor_0', FACTORS[0]))
    return graph.add('BitwiseXor', h, _shifted(graph, h, 29))


def _shifted(graph: Graph, h: str, bits: int) -> str:
    """h >> bits, for h as an unsigned integer."""
    from onnx import TensorProto

    unsigned = graph.add('Cast', h, to=TensorProto.UINT64)
    shifted = graph.add('BitShift', unsigned, graph.constant(f'bits_{bits}', np.uint64(bits)), direction='RIGHT')
    return graph.add('Cast', shifted, to=TensorProto.INT64)
