"""What is saved elsewhere: where a run's folder can't be written any more, or where nobody said where to save it."""

import secrets
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from shlex import quote

from ..model.checkpoint import Checkpoint, save_checkpoint
from ..model.run_files import checkpoint_file
from ..parallel.processes import processes
from ..system.cache_folder import RESCUED, default_root, items, remove
from ..system.private_folder import make_private
from ..training.run import Run

KEPT = 5  # models


def rescue(checkpoint: Checkpoint, folder: Path, error: OSError) -> tuple[OSError, bool]:
    """Save a checkpoint in a folder of its own: the error that tells of it, and whether it could be done."""
    iteration, name = checkpoint.state.iteration, quote(str(folder))
    place: Path | None = None
    try:
        place = Path(tempfile.mkdtemp(prefix='fastrnn-rescue-'))
        file = checkpoint_file(place, iteration)
        save_checkpoint(file, checkpoint)
    except OSError as another:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        reason = another.strerror or another
        message = f'{error}; nor can iteration {iteration:,} be kept in {tempfile.gettempdir()} ({reason})'
        return OSError(message), False
    cure = f'move that file into {name} (if that was moved, where it is now) and go on with --resume {name}, or '
    return OSError(f'{error}; iteration {iteration:,} is saved in {file}: {cure}start from it with --from'), True


def rescue_model(run: Run) -> Path:
    """Save the best model of a run in the cache folder, or else in one for temporary files; returns the file.

    The last ones are kept. Several processes call it together; the first one writes. Raises OSError where no file can
    be written.
    """
    root = processes().agree(default_root())
    try:
        file = processes().lead(lambda: _new_file(root))
        run.save(file)
    except OSError:
        file = processes().lead(lambda: Path(tempfile.mkdtemp(prefix='fastrnn-rescue-'), 'model.safetensors'))
        try:
            run.save(file)
        except BaseException:
            shutil.rmtree(file.parent, ignore_errors=True)
            raise
    else:
        processes().lead(lambda: _remove_older(root))
    return file


def _new_file(root: Path) -> Path:
    """A name that no other process has, in the order of time."""
    folder = root / RESCUED
    make_private(folder)
    return folder / f'model-{time.strftime("%Y%m%d-%H%M%S")}-{secrets.token_hex(4)}.safetensors'


def _remove_older(root: Path) -> None:
    with suppress(OSError):
        for item in [item for item in items(root) if item.kind == 'model'][:-KEPT]:
            remove(item)
