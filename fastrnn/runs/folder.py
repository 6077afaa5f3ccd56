"""A run's folder: who may write to it, what the run is, its log, and which checkpoints stay.

``config.json`` the run, ``log.jsonl`` one record a report, ``checkpoint-<iteration>.safetensors`` the last ones,
``best.safetensors`` the one with the lowest validation, ``lock``.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from shlex import quote
from typing import Any

from filelock import FileLock, Timeout

from ..model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from ..model.places import BEST, checkpoint_file, checkpoints, iteration_of
from ..system.atomic import sync_folder, temporary_name, write_atomically

FORMAT = 1
CONFIG, LOG, LOCK = 'config.json', 'log.jsonl', 'lock'
LOG_BEFORE = 'log.superseded'  # an older checkpoint was gone on from


class RunFolder:
    """An open run folder; one process at a time has it."""

    def __init__(self, path: str | Path, *, new: bool = False) -> None:
        """Lock it. With ``new`` it is made, and must not hold a run yet. Raises ValueError in one line."""
        self.path = Path(path)
        if new:
            self._make()
        elif not (self.path / CONFIG).is_file():
            if self.path.is_dir() and self.begun:
                raise ValueError(f'{path}: its {CONFIG} is gone; start a new run from its weights with --from')
            advice = f'start one with: fastrnn train FILE --out {quote(str(path))}'
            raise ValueError(f'{path}: holds no run; {advice}')
        self._check_own_files()
        self._lock = FileLock(self.path / LOCK, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(
                f'{path}: another run is writing to it; wait for its end, or name another folder'
            ) from None
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
    def begun(self) -> bool:
        """Whether there is anything of a run that has come to its first checkpoint."""
        log = self.path / LOG
        return bool(checkpoints(self.path)) or (self.path / BEST).exists() or (log.exists() and log.stat().st_size > 0)

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
        for pattern in ('.*.safetensors.*', f'.{CONFIG}.*', f'.{LOG}.*'):
            for path in self.path.glob(pattern):
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        self._lock.release()

    # --- what the run is ---

    def write_config(self, facts: Mapping[str, Any]) -> None:
        with self._told():
            (self.path / LOG).touch()
            write_atomically(self.path / CONFIG, (json.dumps({'format': FORMAT, **facts}, indent=1) + '\n').encode())

    def config(self) -> dict[str, Any]:
        return read_config(self.path)

    # --- the log ---

    def log(self, record: Mapping[str, Any]) -> None:
        """Append a record; on the disk with the next checkpoint."""
        with self._told(), open(self.path / LOG, 'a', encoding='ascii', opener=_no_link) as file:
            file.write(json.dumps(record) + '\n')

    def cut_log(self, lines: int) -> int:
        """Forget what was logged after a checkpoint that had seen so many lines; how many there are."""
        with self._told():
            self._own_log()
        with self._told(), open(self.path / LOG, 'ab+', opener=_no_link) as log:
            log.seek(0)
            end = found = 0
            while found < lines and (line := log.readline()).endswith(b'\n'):  # else torn, or fewer of them
                end, found = end + len(line), found + 1
            log.truncate(end)
            os.fsync(log.fileno())
        return found

    def _own_log(self) -> None:
        """Part from other names of the log's file, such as a backup by hard links has."""
        path = self.path / LOG
        with suppress(FileNotFoundError):
            if path.stat().st_nlink > 1:
                write_atomically(path, path.read_bytes())

    # --- the checkpoints ---

    def newest(self) -> Path | None:
        found = checkpoints(self.path)
        return found[-1] if found else None

    def before(self, path: Path) -> Path | None:
        """The numbered checkpoint before one; the newest, if that one has no number."""
        found = checkpoints(self.path)
        if path in found:
            found = found[: found.index(path)]
        return found[-1] if found else None

    def save(self, checkpoint: Checkpoint, *, best: bool) -> Path:
        """Write a checkpoint, after what was logged until then; ``best``: also under that name."""
        path = checkpoint_file(self.path, checkpoint.state.iteration)
        with self._told():
            with open(self.path / LOG, 'ab', opener=_no_link) as log:
                os.fsync(log.fileno())
            if best:  # first: a kill in between must not leave a best one that is not
                save_checkpoint(self.path / BEST, checkpoint)
                self._link(self.path / BEST, path)
            else:
                save_checkpoint(path, checkpoint)
        return path

    def _link(self, path: Path, name: Path) -> None:
        """Another name for a file; a copy, where the file system has no links."""
        place = temporary_name(name)
        try:
            os.link(path, place)
        except OSError:
            write_atomically(name, path.read_bytes())
        else:
            os.replace(place, name)
            sync_folder(self.path)

    def mark_best(self, path: Path) -> None:
        """Give a checkpoint the name of the best, too: one that was rescued could not have it yet."""
        with self._told():
            self._link(path, self.path / BEST)

    def prune(self, keep: int, anchor: Path | None) -> None:
        """Leave the newest ``keep`` checkpoints, and the one to roll back to."""
        with self._told():
            for path in checkpoints(self.path)[:-keep]:
                if path != anchor:
                    path.unlink()

    def drop_after(self, iteration: int) -> None:
        """Remove checkpoints of a stretch that diverged."""
        with self._told():
            for path in reversed(checkpoints(self.path)):
                if iteration_of(path) > iteration:
                    path.unlink()
            sync_folder(self.path)

    def go_back_to(self, path: Path, iteration: int) -> None:
        """Make a checkpoint of that iteration the newest: rename newer ones, that they are not taken for its own.

        The log as it is now stays as well, under another name.
        """
        with self._told():
            target = checkpoint_file(self.path, iteration)
            if path != target:  # the best, which may be the only one of its iteration, or one that was set aside
                if target.exists() and target.read_bytes() != path.read_bytes():
                    target.rename(_free(target.with_suffix('.superseded')))
                self._link(path, target)
            newer = [other for other in checkpoints(self.path) if iteration_of(other) > iteration]
            with suppress(ValueError, OSError):
                if load_checkpoint(self.path / BEST).state.iteration > iteration:
                    newer.append(self.path / BEST)
            if newer and (self.path / LOG).exists():
                write_atomically(_free(self.path / LOG_BEFORE), (self.path / LOG).read_bytes())
            for other in reversed(newer):
                other.rename(_free(other.with_suffix('.superseded')))
            sync_folder(self.path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A disk's errors, with what is still there."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            newest = self.newest() if self.path.is_dir() else None
            there = (
                f'{newest.name} is whole: when there is room, go on with --resume {quote(str(self.path))}'
                if newest
                else ''
            )
            raise OSError(f'{self.path}: cannot be written ({reason}); {there or "nothing was saved yet"}') from error


def _no_link(path: str, flags: int) -> int:
    """As ``open`` opens, but not what a link names."""
    return os.open(path, flags | getattr(os, 'O_NOFOLLOW', 0), 0o666)


def _free(path: Path) -> Path:
    """A name that no file has: this one, or one with a number."""
    names = (path.with_name(f'{path.name}-{number}') for number in count(2))
    return next(name for name in chain([path], names) if not os.path.lexists(name))


def read_config(path: Path) -> dict[str, Any]:
    """What a run folder's config.json says."""
    try:
        facts = json.loads((path / CONFIG).read_bytes())
    except OSError as error:
        raise ValueError(f'{path / CONFIG}: {error.strerror}; name a folder made by fastrnn train --out') from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path / CONFIG}: damaged ({error}); start a new run with --from') from error
    if not isinstance(facts, dict) or not isinstance(facts.get('format'), int):
        raise ValueError(f'{path / CONFIG}: not a run of fastrnn; name a folder made by fastrnn train --out')
    if facts['format'] > FORMAT:
        raise ValueError(f'{path / CONFIG}: format {facts["format"]} of a newer fastrnn: upgrade fastrnn')
    return facts
