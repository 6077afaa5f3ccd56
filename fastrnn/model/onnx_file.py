"""A model as an ONNX file, which other programs run. onnx is imported inside: it is an extra."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..errors import Diverged
from ..system.atomic import write_atomically
from .about import About
from .model import Model
from .onnx_graph import IR_VERSIONS, opset, step_graph
from .overflow import overflows

SUFFIX = '.onnx'
MAX_BYTES = 2_000_000_000  # of one file without external data: protobuf messages must be below 2 GiB
USE = (
    'One step of a character model. Start with zeros for all states. Feed ids, the number of one character of each '
    'text of a batch, and the states; feed each state NAME_next back as NAME with the next character. The metadata '
    'has the characters as JSON, in the order of their numbers.'
)


def write_onnx(path: Path, model: Model) -> int:
    """Write one step of a model, in float32; the file appears whole or not at all. Returns its bytes.

    Raises ValueError, in one line, without onnx, and for a model that is too large for one file; Diverged for weights
    that are not finite, or too large for float32.
    """
    size = 4 * model.params.architecture.all_parameters
    if size > MAX_BYTES:
        raise ValueError(f'{path}: the model takes {size / 1e9:.1f} GB, an ONNX file holds 2 GB: train a smaller model')
    if overflows(model.params, np.float32):
        raise Diverged("the model's weights are not finite, or too large for the float32 of ONNX: export another one")
    data = onnx_model(model).SerializeToString(deterministic=True)
    write_atomically(path, data)
    return len(data)


def onnx_model(model: Model) -> Any:
    """onnx's ModelProto."""
    helper, architecture = _onnx().helper, model.params.architecture
    version = opset(architecture)
    found = helper.make_model(
        step_graph(model.params.astype(np.float32)),
        producer_name='fastrnn',
        producer_version=__version__,
        doc_string=USE,
        ir_version=IR_VERSIONS[version],
        opset_imports=[helper.make_opsetid('', version)],
    )
    facts = {'vocabulary': json.dumps(list(model.chars)), 'unit': model.unit, 'model': architecture.words}
    if model.about != About():
        facts['about'] = model.about.as_json
    helper.set_model_props(found, facts)
    return found


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ValueError('an ONNX file needs onnx: pip install onnx') from error
    return onnx
