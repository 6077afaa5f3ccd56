"""A model to and from disk: one safetensors file, written atomically."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .model import Params

FORMAT = 1
NAMES = ('Wxh', 'Whh', 'Why', 'bh', 'by')


@dataclass(frozen=True)
class Model:
    """Weights, and what is needed to use them on text."""

    params: Params
    chars: str  # character k of the vocabulary
    unit: str = 'character'


def save_model(path: str | Path, model: Model) -> None:
    """Write the five weights under their names in the gist's shapes, and the vocabulary as metadata.

    The file appears whole or not at all; one that was there stays until then. Raises ValueError for weights that
    are not finite, OSError where it can't be written.
    """
    from safetensors.numpy import save

    params = model.params
    if not np.isfinite(params.flat).all():
        raise ValueError('the weights hold inf or NaN, so they are not saved')
    shaped = (params.Wxh, params.Whh, params.Why, params.bh[:, None], params.by[:, None])
    tensors = {name: np.ascontiguousarray(array) for name, array in zip(NAMES, shaped, strict=True)}
    metadata = {'format': str(FORMAT), 'chars': json.dumps(model.chars), 'unit': model.unit}
    write_atomically(Path(path), save(tensors, metadata))


def check_place(path: Path) -> None:
    """Raise ValueError where no file could be written: to be told before a run, not after it."""
    if path.is_dir():
        raise ValueError(f'{path}: is a directory; name a file for the model')
    if not path.parent.is_dir():
        raise ValueError(f'{path}: there is no folder {path.parent}; make it first')
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f'{path}: the folder {path.parent} cannot be written; name another place')


def load_model(path: str | Path) -> Model:
    """Read a model; raises ValueError, in one line, for a file that holds none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, 'numpy') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror or error}; name a model that fastrnn train --save made') from error
    except SafetensorError as error:
        raise ValueError(f'{path}: not a model ({error}); name one that fastrnn train --save made') from error
    return _as_model(path, tensors, metadata)


def _as_model(path: str | Path, tensors: dict[str, Any], metadata: dict[str, str]) -> Model:
    if metadata.get('format') != str(FORMAT):
        found = metadata.get('format', 'none')
        raise ValueError(f'{path}: format {found}, but this fastrnn reads format {FORMAT}: use another version')
    missing = [name for name in NAMES if name not in tensors] + [name for name in ('chars',) if name not in metadata]
    if missing:
        raise ValueError(f'{path}: {", ".join(missing)} missing; the file is damaged or not a model')
    chars = json.loads(metadata['chars'])
    H, V = tensors['bh'].size, len(chars)
    params = Params(H, V, np.zeros(H * H + 2 * V * H + H + V, tensors['Whh'].dtype))
    for name, view in zip(NAMES, (params.Wxh, params.Whh, params.Why, params.bh, params.by), strict=True):
        array = tensors[name].reshape(-1) if view.ndim == 1 else tensors[name]
        if array.shape != view.shape or not np.isfinite(array).all():
            raise ValueError(f'{path}: {name} has shape {array.shape} or numbers that do not fit; the file is damaged')
        view[...] = array
    return Model(params, chars, metadata.get('unit', 'character'))


def write_atomically(path: Path, data: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the folder: after any crash the file is the old or the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f'.{path.name}.', dir=path.parent)
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as open() would have made it
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if hasattr(os, 'O_DIRECTORY'):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
