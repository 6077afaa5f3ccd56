"""Models and checkpoints with odd contents, and the check that they need."""

import numpy as np
import pytest
from hypothesis import strategies as st

from fastrnn.model.safetensors_file import read, write

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def craft(source, target, tensors=None, metadata=None, without=()):
    """A file as ours, with other tensors or metadata, and the check that they need."""
    parts = read(source)
    for part, others in zip(parts, (tensors, metadata), strict=True):
        part |= others or {}
        for name in without:
            part.pop(name, None)
    write(target, {name: np.ascontiguousarray(array) for name, array in parts[0].items()}, parts[1])
    return target


def refused(path, load):
    """The one line that a file is refused with."""
    with pytest.raises(ValueError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f'{path}: ') and '\n' not in message and len(message) < 400 + len(str(path)), message
    return message
