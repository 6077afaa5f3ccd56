"""Names of the files of models, in a run folder."""

import os
import re
from pathlib import Path

BEST = 'best.safetensors'


def checkpoint_file(folder: Path, iteration: int) -> Path:
    return folder / f'checkpoint-{iteration:09d}.safetensors'


def checkpoints(folder: Path) -> list[Path]:
    """The numbered checkpoints of a run folder, oldest first."""
    found = [path for path in folder.iterdir() if re.fullmatch(r'checkpoint-\d{9,}\.safetensors', path.name)]
    return sorted(found, key=iteration_of)


def iteration_of(path: Path) -> int:
    """Of a numbered checkpoint, by its name."""
    return int(path.stem.split('-')[1])


def model_file(path: Path) -> Path:
    """The file itself, or a run folder's best checkpoint, or its last if none was validated."""
    if not os.path.isdir(path):  # unlike pathlib's, for names that are too long as well
        return path
    if (path / BEST).exists():
        return path / BEST
    found = checkpoints(path)
    if not found:
        raise ValueError(
            f'{path}: holds no checkpoint; name a folder made by fastrnn train --out, whose run has saved one'
        )
    return found[-1]
