"""What is saved elsewhere, where a run's folder can't be written any more."""

import shutil
import tempfile
from pathlib import Path
from shlex import quote

from ..model.checkpoint import Checkpoint, save_checkpoint
from ..model.places import checkpoint_file


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
