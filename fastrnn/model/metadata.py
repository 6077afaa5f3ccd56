"""The start of a model file, without its tensors and without NumPy."""

import json
from pathlib import Path
from typing import BinaryIO

from ..system.reading import open_regular

MAX_HEADER = 100_000_000  # bytes, by the format; before it their number, 8 bytes, little-endian


def begin_of(file: BinaryIO) -> bytes:
    """The first bytes, up to the end of the header; b'' if they are not those of a safetensors file."""
    data = file.read(9) or b''  # some files of the system's have nothing to give yet, which is None
    size = int.from_bytes(data[:8], 'little')
    return data + (file.read(size - 1) or b'') if data[8:] == b'{' and size <= MAX_HEADER else b''


def read_metadata(path: Path) -> dict[str, str]:
    """Only the metadata, unchecked; {} if there are none."""
    try:
        with open_regular(path) as file:
            found = json.loads(begin_of(file)[8:]).get('__metadata__')
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
