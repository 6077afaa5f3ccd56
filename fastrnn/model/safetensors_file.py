"""Tensors and metadata, to and from one safetensors file; ``check`` in its metadata is the SHA-256 of all the rest."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import in_a_line
from ..system.atomic import write_atomically

FORMAT = 2  # the newest; 1 has the gist's names, 2 PyTorch's (see checkpoint.py)
DIGITS = 9  # of a format's number
MAX_HEADER = 100_000_000  # bytes, by the format; before it their number, 8 bytes, little-endian
REASON = 200  # characters, at most, of what is wrong: it may quote what is in the file
MODELS = 'name a run folder, a checkpoint or a file made by train --save'
ANOTHER = 'take another checkpoint or model'

Tensors = dict[str, NDArray[Any]]


def checksum(tensors: Tensors, metadata: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def write(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """The bytes of safetensors' ``save``, but from where the tensors lie: it makes copies, of more than a run holds.

    And but for the metadata, which here has an order, so that one model is one file.
    """
    arrays = {name: np.asarray(array, array.dtype.newbyteorder('<'), order='C') for name, array in tensors.items()}
    names = sorted(arrays, key=lambda name: (arrays[name].dtype.kind != 'f', name))
    described: dict[str, Any] = {
        '__metadata__': dict(sorted({**metadata, 'check': checksum(tensors, metadata)}.items()))
    }
    end = 0
    for name in names:
        start, end = end, end + arrays[name].nbytes
        kind = f'{arrays[name].dtype.kind.upper()}{8 * arrays[name].itemsize}'  # such as F32
        described[name] = {'dtype': kind, 'shape': arrays[name].shape, 'data_offsets': (start, end)}
    header = json.dumps(described, ensure_ascii=False, separators=(',', ':')).encode()
    header += b' ' * (-len(header) % 8)  # as the format has it, for aligned tensors
    write_atomically(path, len(header).to_bytes(8, 'little'), header, *(arrays[name].data for name in names))


def read(path: Path) -> tuple[Tensors, dict[str, str]]:
    from safetensors.numpy import load

    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise ValueError(f'{path}: is no regular file; {MODELS}')
    data = b''
    try:
        with path.open('rb') as file:
            data = file.read(9)
            if data[8:] == b'{':
                data += file.read()  # not mapped: a file that is cut meanwhile would end the process
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], 'little')])
        metadata = dict(header.get('__metadata__') or {})
        ours = 'vocabulary' in metadata or 'check' in metadata
        tensors = load(data) if ours else {}
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror or error}; name a model that fastrnn train made') from error
    except Exception as error:  # safetensors' own, and NumPy's for types that it lacks
        if data[8:9] == b'{' and int.from_bytes(data[:8], 'little') <= MAX_HEADER:
            raise ValueError(f'{path}: damaged (a part is missing or changed); {ANOTHER}') from error
        raise ValueError(f'{path}: not a model (no safetensors file); {MODELS}') from error
    found = metadata.get('format', '')
    if not ours:
        raise ValueError(f'{path}: not made by fastrnn; name a model that fastrnn train made')
    if not found.isdecimal() or not found.isascii():
        raise ValueError(f'{path}: damaged (its format is no number); {ANOTHER}')
    if len(found) > DIGITS or int(found) > FORMAT:
        raise ValueError(
            f'{path}: format {found[:DIGITS]} of a newer fastrnn, this one reads {FORMAT}: upgrade fastrnn'
        )
    if metadata.pop('check', None) != checksum(tensors, metadata):
        raise ValueError(f'{path}: damaged (its checksum differs); {ANOTHER}')
    return tensors, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata alone, as they are; {} where there are none."""
    try:
        with path.open('rb') as file:
            size = int.from_bytes(file.read(8), 'little')
            found = json.loads(file.read(size)).get('__metadata__') if size <= MAX_HEADER else None
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


class Damage:
    """Turns whatever reading an odd file raises into one line that says which file it is."""

    def __init__(self, path: str | Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            reason = f'{error} missing' if isinstance(error, KeyError) else error
            raise ValueError(f'{self._path}: damaged ({in_a_line(reason)[:REASON]}); {ANOTHER}') from error
