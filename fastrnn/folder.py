"""A run's folder: who may write to it, what the run is, its log, and which checkpoints stay.

``config.json`` the run, ``log.jsonl`` one record a report, ``checkpoint-<iteration>.safetensors`` the last ones,
``best.safetensors`` the one with the lowest validation, ``lock``.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .atomic import sync_folder, write_atomically
from .checkpoint import BEST, Checkpoint, checkpoint_file, checkpoints, iteration_of, save_checkpoint

FORMAT = 1
CONFIG, LOG, LOCK = 'config.json', 'log.jsonl', 'lock'


class RunFolder:
    """An open run folder; one process at a time has it."""

    def __init__(self, path: str | Path, *, new: bool = False) -> None:
        """Lock it. With ``new`` it is made, and must not hold a run yet. Raises ValueError in one line."""
        self.path = Path(path)
        if new:
            self._make()
        elif not (self.path / CONFIG).is_file():
            raise ValueError(f'{path}: holds no run; start one with: fastrnn train FILE --out {path}')
        self._lock = FileLock(self.path / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(f'{path}: another run is writing to it; name another folder with --out') from None
        except OSError as error:
            raise ValueError(f'{path}: cannot be written ({error.strerror}); name another folder') from error
        if new and (self.path / CONFIG).exists():
            self.close()
            raise ValueError(f'{path}: holds a run already; go on with --resume {path}, or name another folder')
        self._sweep()

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f'{self.path}: no folder can be made ({error.strerror}); name another one') from error

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
        with self._told(), open(self.path / LOG, 'a', encoding='ascii') as file:
            file.write(json.dumps(record) + '\n')

    def cut_log(self, lines: int) -> None:
        """Forget what was logged after a checkpoint that had seen so many lines."""
        path = self.path / LOG
        with self._told():
            kept = path.read_bytes().splitlines(keepends=True)[:lines] if path.exists() else []
            write_atomically(path, b''.join(line for line in kept if line.endswith(b'\n')))

    # --- the checkpoints ---

    def newest(self) -> Path | None:
        found = checkpoints(self.path)
        return found[-1] if found else None

    def before(self, path: Path) -> Path | None:
        """The checkpoint before one."""
        older = [other for other in checkpoints(self.path) if iteration_of(other) < iteration_of(path)]
        return older[-1] if older else None

    def save(self, checkpoint: Checkpoint, *, best: bool) -> Path:
        """Write a checkpoint, after what was logged until then; ``best``: also under that name."""
        path = checkpoint_file(self.path, checkpoint.state.iteration)
        with self._told():
            with open(self.path / LOG, 'ab') as log:
                os.fsync(log.fileno())
            if best:  # first: a kill in between must not leave a best one that is not
                save_checkpoint(self.path / BEST, checkpoint)
                self._link(self.path / BEST, path)
            else:
                save_checkpoint(path, checkpoint)
        return path

    def _link(self, path: Path, name: Path) -> None:
        """Another name for a file; a copy, where the file system has no links."""
        place = Path(tempfile.mktemp(prefix=f'.{name.name}.', dir=self.path))
        try:
            os.link(path, place)
        except OSError:
            write_atomically(name, path.read_bytes())
        else:
            os.replace(place, name)
            sync_folder(self.path)

    def prune(self, keep: int, anchor: Path | None) -> None:
        """Leave the newest ``keep`` checkpoints, and the one to roll back to."""
        for path in checkpoints(self.path)[:-keep]:
            if path != anchor:
                path.unlink()

    def drop_after(self, iteration: int) -> None:
        """Remove checkpoints of a stretch that diverged."""
        for path in reversed(checkpoints(self.path)):
            if iteration_of(path) > iteration:
                path.unlink()
        sync_folder(self.path)

    def set_aside_after(self, iteration: int) -> list[Path]:
        """Rename newer checkpoints than one that is to be resumed, so that they are not taken for its own."""
        moved = []
        for path in reversed(checkpoints(self.path)):
            if iteration_of(path) > iteration:
                moved.append(path.rename(path.with_suffix('.superseded')))
        return moved

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A disk's errors, with what is still there."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            newest = self.newest()
            there = f'{newest.name} is whole: when there is room, go on with --resume {self.path}' if newest else ''
            raise OSError(f'{self.path}: cannot be written ({reason}); {there or "nothing was saved yet"}') from error


def read_config(path: Path) -> dict[str, Any]:
    """What a run folder's config.json says."""
    try:
        facts = json.loads((path / CONFIG).read_bytes())
    except OSError as error:
        raise ValueError(f'{path / CONFIG}: {error.strerror}; name a folder made by fastrnn train --out') from error
    except ValueError as error:
        raise ValueError(f'{path / CONFIG}: damaged ({error}); start a new run with --from') from error
    if not isinstance(facts, dict) or not isinstance(facts.get('format'), int):
        raise ValueError(f'{path / CONFIG}: not a run of fastrnn; name a folder made by fastrnn train --out')
    if facts['format'] > FORMAT:
        raise ValueError(f'{path / CONFIG}: format {facts["format"]} of a newer fastrnn: upgrade fastrnn')
    return facts
