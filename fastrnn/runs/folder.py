"""A run's folder: locking, writing, and errors in one line. Of several processes only the first one uses it.

Files: ``config.json``, the run; ``log.jsonl``, one record per report; ``checkpoint-<iteration>.safetensors``, the last
checkpoints; ``best.safetensors``, the checkpoint with the lowest validation; ``lock``.
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

_OPEN: 'WeakSet[RunFolder]' = WeakSet()  # in this process
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunFolder:
    """An open run folder, locked: only one program at a time can use it."""

    def __init__(self, path: str | Path, *, new: bool = False) -> None:
        """Lock the folder. ``new``: create it; it must not have a run yet. Raises ValueError, in one line."""
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
                raise ValueError(f'{path}: {CONFIG} is missing; start a new run from its weights with --from')
            advice = f'start a run with: fastrnn train FILE --out {quote(str(path))}'
            raise ValueError(f'{path}: not a run folder; {advice}')
        self._check_own_files()
        try:
            if can_lock(self.path / LOCK):
                self._lock.acquire(timeout=0)
            else:
                note = f'{path}: its file system has no locks; make sure that no other run writes to this folder'
                warnings.warn(note, RuntimeWarning, stacklevel=2)
        except Timeout:
            raise ValueError(f'{path}: {self._whose()}, or name another folder') from None
        except OSError as error:
            raise ValueError(f"{path}: can't write to this folder ({error.strerror}); name another folder") from error
        if new and (self.path / CONFIG).exists():
            self.close()
            raise ValueError(
                f'{path}: already has a run; resume it with --resume {quote(str(path))}, or name another folder'
            )
        if new and self.begun:
            self.close()
            raise ValueError(f'{path}: has files of a run, but no {CONFIG}; name another folder')
        self._sweep()

    @property
    @led
    def begun(self) -> bool:
        """True if the folder has a checkpoint or a log with records."""
        return bool(self._checkpoints.all()) or self._checkpoints.best.exists() or self._log.begun

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = 'a file has that name' if isinstance(error, FileExistsError) else error.strerror
            raise ValueError(f"{self.path}: can't create the folder ({reason}); name another one") from error

    def _check_own_files(self) -> None:
        """Raise ValueError if a file that the run writes to is a link or not a regular file."""
        for name in (CONFIG, LOG, LOCK):
            with suppress(FileNotFoundError):
                mode = (self.path / name).lstat().st_mode
                if not stat.S_ISREG(mode):
                    kind = 'a link' if stat.S_ISLNK(mode) else 'not a regular file'
                    raise ValueError(
                        f'{self.path / name}: is {kind}; replace it with a regular file, or name another folder'
                    )

    def _sweep(self) -> None:
        """Remove temporary files left by a killed save."""
        remove_temporaries(self.path, lambda name: name in (CONFIG, LOG) or is_model(name) or is_superseded(name))

    def _whose(self) -> str:
        """Who holds the lock, and what to do."""
        place = self.path.resolve()
        if any(other._lock.is_locked and other.path.resolve() == place for other in list(_OPEN)):
            return 'this program already has this run open; use that run, close it (run.close())'
        return 'another run is writing to this folder; wait until it ends'

    def close(self) -> None:
        """Release the lock. The first process holds it, and does not wait for others: they may have exited."""
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
        """Remove log lines after the first ``lines``, the number at a checkpoint; returns how many are left."""
        with self._told():
            return self._log.cut(lines)

    # --- the checkpoints ---

    @led
    def newest(self) -> Path | None:
        return self._checkpoints.newest()

    @led
    def before(self, path: Path) -> Path | None:
        """The numbered checkpoint before ``path``; the newest if ``path`` has no number."""
        return self._checkpoints.before(path)

    @led
    def newest_verified(self) -> Path | None:
        return self._checkpoints.newest_verified()

    @led
    def save(self, checkpoint: Checkpoint, *, best: bool) -> Path:
        """Write a checkpoint; ``best``: also as the best one. Call :meth:`sync_log` first."""
        with self._told():
            return self._checkpoints.save(checkpoint, best=best)

    @led
    def mark_best(self, path: Path) -> None:
        """Also name a checkpoint the best one: a rescued checkpoint could not have that name yet."""
        with self._told():
            self._checkpoints.mark_best(path)

    @led
    def set_strange_best_aside(self, text: Mapping[str, Any]) -> None:
        """Rename, with a warning, a best checkpoint of another text: it must not be used or overwritten."""
        with self._told():
            if aside := self._checkpoints.set_strange_best_aside(text):
                note = f"{self._checkpoints.best}: not of this run's text; renamed to {aside.name}"
                warnings.warn(note, RuntimeWarning, stacklevel=2)

    @led
    def prune(self, count: int, anchor: Path | None) -> None:
        """Remove numbered checkpoints except the newest ``count`` and ``anchor``, the one to roll back to."""
        with self._told():
            self._checkpoints.prune(count, anchor)

    @led
    def drop_after(self, iteration: int) -> None:
        """Remove checkpoints after an iteration: training diverged there."""
        with self._told():
            self._checkpoints.drop_after(iteration)

    @led
    def go_back_to(self, path: Path, iteration: int) -> None:
        """Make the checkpoint of this iteration the newest, and rename newer ones. A copy of the log is kept."""
        with self._told():
            self._checkpoints.give_number(path, iteration)
            newer = self._checkpoints.after(iteration)
            if newer:
                self._log.copy_aside()
            self._checkpoints.set_aside(newer)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Add to an error of the disk what is saved and how to resume."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            place = self._log.path if error.filename == str(self._log.path) else self.path
            newest = self.newest() if self.path.is_dir() else None
            cure = 'free some space' if error.errno in FULL else 'make it writable'
            cure += f' and resume with --resume {quote(str(self.path))}' if newest else ' and start again'
            there = f'{newest.name} is intact' if newest else 'nothing was saved yet'
            raise OSError(f"{place}: can't write ({reason}); {there}: {cure}") from error
