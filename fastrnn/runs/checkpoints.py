"""The checkpoints of a run folder: saves, finds, renames and removes them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from ..model.run_files import BEST, checkpoint_file, checkpoints, iteration_of
from ..system.atomic import free_name, link_atomically, remove, replace, sync_folder
from ..system.reading import same_contents


class Checkpoints:
    """Numbered checkpoints, and the best one. Raises the system's OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def best(self) -> Path:
        return self._folder / BEST

    def all(self) -> list[Path]:
        """Numbered checkpoints, oldest first."""
        return checkpoints(self._folder)

    def newest(self) -> Path | None:
        found = self.all()
        return found[-1] if found else None

    def before(self, path: Path) -> Path | None:
        """The numbered checkpoint before ``path``; the newest if ``path`` has no number."""
        found = self.all()
        if path in found:
            found = found[: found.index(path)]
        return found[-1] if found else None

    def newest_verified(self) -> Path | None:
        path = self.newest()
        while path is not None:
            with suppress(ValueError):
                if load_checkpoint(path).state.verified:
                    return path
            path = self.before(path)
        return None

    def save(self, checkpoint: Checkpoint, *, best: bool) -> Path:
        """Write a numbered checkpoint; ``best``: also as the best one."""
        path = checkpoint_file(self._folder, checkpoint.state.iteration)
        if best:  # written first: a kill in between must not leave an outdated best checkpoint
            save_checkpoint(self.best, checkpoint)
            link_atomically(self.best, path)
        else:
            save_checkpoint(path, checkpoint)
        return path

    def mark_best(self, path: Path) -> None:
        link_atomically(path, self.best)

    def set_strange_best_aside(self, text: Mapping[str, Any]) -> Path | None:
        """Rename the best checkpoint if it is of another text; returns its new path, or None."""
        try:
            found = load_checkpoint(self.best).text
        except ValueError:  # missing, or damaged: reported when it is read
            return None
        if all(found.get(name, value) == value for name, value in text.items()):
            return None
        aside = free_name(self.best.with_suffix('.superseded'))
        replace(self.best, aside)
        sync_folder(self._folder)
        return aside

    def prune(self, count: int, anchor: Path | None) -> None:
        """Remove numbered checkpoints except the newest ``count`` and ``anchor``, the one to roll back to."""
        for path in self.all()[:-count]:
            if path != anchor:
                remove(path)

    def drop_after(self, iteration: int) -> None:
        """Remove numbered checkpoints after an iteration: training diverged there."""
        for path in reversed(self.all()):
            if iteration_of(path) > iteration:
                remove(path)
        sync_folder(self._folder)

    def give_number(self, path: Path, iteration: int) -> None:
        """Give a checkpoint of this iteration its numbered name: the best one, or one that was renamed."""
        target = checkpoint_file(self._folder, iteration)
        if path != target:
            if target.exists() and not same_contents(target, path):
                replace(target, free_name(target.with_suffix('.superseded')))
            link_atomically(path, target)

    def after(self, iteration: int) -> list[Path]:
        """Checkpoints of later iterations, including the best one."""
        newer = [other for other in self.all() if iteration_of(other) > iteration]
        with suppress(ValueError, OSError):
            if load_checkpoint(self.best).state.iteration > iteration:
                newer.append(self.best)
        return newer

    def set_aside(self, paths: Sequence[Path]) -> None:
        """Rename checkpoints so that the run no longer uses them."""
        for path in reversed(paths):
            replace(path, free_name(path.with_suffix('.superseded')))
        sync_folder(self._folder)
