"""Tensors and metadata, to and from one safetensors file; ``check`` in its metadata is the SHA-256 of all the rest."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import in_a_line
from ..system.atomic import write_atomically
from ..system.reading import open_regular
from .metadata import begin_of

FORMAT = 3  # the newest; 1 has the gist's names, 2 PyTorch's, 3 also rows of n-grams (see checkpoint.py)
DIGITS = 9  # of a format's number
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
    """Write the bytes that safetensors' ``save`` writes, without its copies of all tensors.

    The metadata are sorted, so that equal models are equal files.
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

    begin = b''
    try:
        with open_regular(path) as file:
            begin = begin_of(file)
            header = json.loads(begin[8:])
            metadata = dict(header.pop('__metadata__', None) or {})
            ours = 'vocabulary' in metadata or 'check' in metadata
            tensors = load(_whole(file, len(begin), header)) if ours else {}
    except MemoryError as error:
        raise ValueError(f'{path}: is too large for the memory of this machine; {ANOTHER}') from error
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror or error}; name a model that fastrnn train made') from error
    except Exception as error:  # safetensors' own errors, and NumPy's for unknown types
        if len(begin) > 8:
            raise ValueError(f'{path}: damaged (a part is missing or changed); {ANOTHER}') from error
        raise ValueError(f'{path}: not a model (no safetensors file); {MODELS}') from error
    found = metadata.get('format', '')
    if not ours:
        raise ValueError(f'{path}: not made by fastrnn; name a model that fastrnn train made')
    if not found.isdecimal() or not found.isascii():
        raise ValueError(f'{path}: damaged (its format is not a number); {ANOTHER}')
    if len(found) > DIGITS or int(found) > FORMAT:
        raise ValueError(
            f'{path}: format {found[:DIGITS]} of a newer fastrnn, this one reads {FORMAT}: upgrade fastrnn'
        )
    if metadata.pop('check', None) != checksum(tensors, metadata):
        raise ValueError(f'{path}: damaged (its checksum differs); {ANOTHER}')
    return tensors, metadata


def _whole(file: BinaryIO, begin: int, header: dict[str, Any]) -> bytes:
    """All of a file whose header takes ``begin`` bytes. It is not mapped: cutting a mapped file ends the process.

    Raises ValueError, before it is read, if its size is not what the header says: it may be a terabyte of nothing.
    """
    size = begin + max((tensor['data_offsets'][1] for tensor in header.values()), default=0)
    if size != os.fstat(file.fileno()).st_size:
        raise ValueError('the size is not that of the header')
    file.seek(0)
    return file.read(size)


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
