"""Names of files in a run folder: of models, and of what the run is."""

import os
import re
from pathlib import Path

CONFIG = 'config.json'
LOCK = 'lock'
BEST = 'best.safetensors'
NUMBERED = re.compile(r'checkpoint-[0-9]{9,}\.safetensors')


def checkpoint_file(folder: Path, iteration: int) -> Path:
    return folder / f'checkpoint-{iteration:09d}.safetensors'


def is_model(name: str) -> bool:
    """Whether a run gives this name to a checkpoint, or to the best one."""
    return name == BEST or NUMBERED.fullmatch(name) is not None


def checkpoints(folder: Path) -> list[Path]:
    """The numbered checkpoints of a run folder, oldest first."""
    found = [path for path in folder.iterdir() if NUMBERED.fullmatch(path.name)]
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
