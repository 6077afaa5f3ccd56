"""Models and checkpoints with odd contents, and the check that they need."""

from hypothesis import strategies as st

from fastrnn.model.safetensors_file import read, write

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def craft(source, target, tensors=None, metadata=None, without=()):
    """A file as ours, with other tensors or metadata, and the check that they need."""
    all_tensors, facts = read(source)
    all_tensors |= tensors or {}
    facts |= metadata or {}
    write(target, {name: all_tensors[name] for name in all_tensors if name not in without}, facts)
    return target
