"""A run's folder: who may write to it, and what is told where that fails. Of several processes the first one has it.

``config.json`` the run, ``log.jsonl`` one record a report, ``checkpoint-<iteration>.safetensors`` the last ones,
``best.safetensors`` the one with the lowest validation, ``lock``.
"""

import errno
import stat
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import Any
from weakref import WeakSet

from filelock import FileLock, Timeout

from ..model.checkpoint import Checkpoint
from ..model.run_files import CONFIG, LOCK, is_model
from ..parallel.processes import led
from ..system.atomic import remove_temporaries
from ..system.locks import can_lock
from .checkpoints import Checkpoints
from .config_file import Description
from .log import LOG, Log, is_superseded

_OPEN: 'WeakSet[RunFolder]' = WeakSet()  # of this process
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunFolder:
    """An open run folder; one program at a time has it."""

    def __init__(self, path: str | Path, *, new: bool = False) -> None:
        """Lock it. With ``new`` it is made, and must not hold a run yet. Raises ValueError in one line."""
        self.path = Path(path)
        self._log, self._checkpoints = Log(self.path), Checkpoints(self.path)
        self._lock = FileLock(self.path / LOCK, thread_local=False)
        self._open(new)
        _OPEN.add(self)

    @led
    def _open(self, new: bool) -> None:
        path = self.path
        if new:
            self._make()
        elif not (self.path / CONFIG).is_file():
            if self.path.is_dir() and self.begun:
                raise ValueError(f'{path}: its {CONFIG} is gone; start a new run from its weights with --from')
            advice = f'start one with: fastrnn train FILE --out {quote(str(path))}'
            raise ValueError(f'{path}: holds no run; {advice}')
        self._check_own_files()
        try:
            if can_lock(self.path / LOCK):
                self._lock.acquire(timeout=0)
            else:
                note = f'{path}: its file system has no locks: see to it that no other run writes to this folder'
                warnings.warn(note, RuntimeWarning, stacklevel=2)
        except Timeout:
            raise ValueError(f'{path}: {self._whose()}, or name another folder') from None
        except OSError as error:
            raise ValueError(f'{path}: cannot be written ({error.strerror}); name another folder') from error
        if new and (self.path / CONFIG).exists():
            self.close()
            raise ValueError(
                f'{path}: holds a run already; go on with --resume {quote(str(path))}, or name another folder'
            )
        if new and self.begun:
            self.close()
            raise ValueError(f'{path}: holds what is left of a run, but no {CONFIG}; name another folder')
        self._sweep()

    @property
    @led
    def begun(self) -> bool:
        """Whether there is anything of a run that has come to its first checkpoint."""
        return bool(self._checkpoints.all()) or self._checkpoints.best.exists() or self._log.begun

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f'{self.path}: no folder can be made ({error.strerror}); name another one') from error

    def _check_own_files(self) -> None:
        """Raise ValueError where a name that will be written to leads elsewhere, or has no end."""
        for name in (CONFIG, LOG, LOCK):
            with suppress(FileNotFoundError):
                mode = (self.path / name).lstat().st_mode
                if not stat.S_ISREG(mode):
                    kind = 'a link' if stat.S_ISLNK(mode) else 'no regular file'
                    raise ValueError(
                        f"{self.path / name}: is {kind}; put the run's own file there, or name another folder"
                    )

    def _sweep(self) -> None:
        """Remove what a save that was killed has left."""
        remove_temporaries(self.path, lambda name: name in (CONFIG, LOG) or is_model(name) or is_superseded(name))

    def _whose(self) -> str:
        """Who has the lock, and what to do."""
        place = self.path.resolve()
        if any(other._lock.is_locked and other.path.resolve() == place for other in list(_OPEN)):
            return 'a run that this program has opened is writing to it; go on with that, close it (run.close())'
        return 'another run is writing to it; wait for its end'

    def close(self) -> None:
        """Of several processes the first one has the lock, and waits for no other: they may have ended."""
        self._lock.release()

    @led
    def write_config(self, description: Description) -> None:
        with self._told():
            self._log.make()
            description.write(self.path)

    # --- the log ---

    @led
    def log(self, record: Mapping[str, Any]) -> None:
        """Append a record or an event; on the disk after :meth:`sync_log`."""
        with self._told():
            self._log.add(record)

    @led
    def sync_log(self) -> None:
        with self._told():
            self._log.sync()

    @led
    def cut_log(self, lines: int) -> int:
        """Forget what was logged after a checkpoint that had seen so many lines; how many there are."""
        with self._told():
            return self._log.cut(lines)

    # --- the checkpoints ---

    @led
    def newest(self) -> Path | None:
        return self._checkpoints.newest()

    @led
    def before(self, path: Path) -> Path | None:
        """The numbered checkpoint before one; the newest, if that one has no number."""
        return self._checkpoints.before(path)

    @led
    def newest_verified(self) -> Path | None:
        return self._checkpoints.newest_verified()

    @led
    def save(self, checkpoint: Checkpoint, *, best: bool) -> Path:
        """Write a checkpoint, once what was logged is on the disk; ``best``: also under that name."""
        with self._told():
            return self._checkpoints.save(checkpoint, best=best)

    @led
    def mark_best(self, path: Path) -> None:
        """Give a checkpoint the name of the best, too: one that was rescued could not have it yet."""
        with self._told():
            self._checkpoints.mark_best(path)

    @led
    def set_strange_best_aside(self, text: Mapping[str, Any]) -> None:
        """Rename a best checkpoint of another text than the run's, and warn: nothing may take it, nor write over it."""
        with self._told():
            if aside := self._checkpoints.set_strange_best_aside(text):
                note = f'{self._checkpoints.best}: is of another text than the run, and is now called {aside.name}'
                warnings.warn(note, RuntimeWarning, stacklevel=2)

    @led
    def prune(self, count: int, anchor: Path | None) -> None:
        """Leave the newest so many checkpoints, and the one to roll back to."""
        with self._told():
            self._checkpoints.prune(count, anchor)

    @led
    def drop_after(self, iteration: int) -> None:
        """Remove checkpoints of a stretch that diverged."""
        with self._told():
            self._checkpoints.drop_after(iteration)

    @led
    def go_back_to(self, path: Path, iteration: int) -> None:
        """Make a checkpoint of that iteration the newest, and set newer ones aside.

        The log as it is now stays as well, under another name.
        """
        with self._told():
            self._checkpoints.give_number(path, iteration)
            newer = self._checkpoints.after(iteration)
            if newer:
                self._log.copy_aside()
            self._checkpoints.set_aside(newer)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A disk's errors, with what is still there."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            place = self._log.path if error.filename == str(self._log.path) else self.path
            newest = self.newest() if self.path.is_dir() else None
            when = 'when there is room' if error.errno in FULL else 'when it can be'
            cure = f'is whole: {when}, go on with --resume {quote(str(self.path))}'
            there = f'{newest.name} {cure}' if newest else 'nothing was saved yet'
            raise OSError(f'{place}: cannot be written ({reason}); {there}') from error
