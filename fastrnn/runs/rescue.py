"""Saves models elsewhere: if a run's folder can't be written, or if a long run has neither --save nor --out."""

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
    """Save a checkpoint in a new temporary folder. Returns an error that names the file, and True if it was saved."""
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
        message = f"{error}; can't save iteration {iteration:,} in {tempfile.gettempdir()} either ({reason})"
        return OSError(message), False
    cure = f'move that file into {name} (or where that folder is now) and resume with --resume {name}, or '
    return OSError(f'{error}; iteration {iteration:,} is saved in {file}: {cure}start from it with --from'), True


def rescue_model(run: Run) -> Path:
    """Save the best model of a run in the cache folder, or if that fails, in a temporary folder; returns the file.

    The newest KEPT models stay in the cache folder. All processes make this call; the first one writes. Raises OSError
    if neither folder can be written.
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
    """A unique file name that sorts by time."""
    folder = root / RESCUED
    make_private(folder)
    return folder / f'model-{time.strftime("%Y%m%d-%H%M%S")}-{secrets.token_hex(4)}.safetensors'


def _remove_older(root: Path) -> None:
    with suppress(OSError):
        for item in [item for item in items(root) if item.kind == 'model'][:-KEPT]:
            remove(item)
