"""Overviews of runs: model, options, results and status. Nothing is locked or written."""

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from ..decision.job import ROLLBACKS
from ..model.metadata import read_metadata
from ..model.run_files import BEST, CONFIG, LOCK, NUMBERED, checkpoints, iteration_of
from ..settings.file_names import Files
from ..system.locks import is_held
from ..system.reading import open_regular
from .facts import MADE_BY, Facts, of_another_program, readable
from .log import LOG, MOST_COUNTED, read_last

MOST_FOLDERS = 100_000  # limit of folders that are searched below each named folder
RUNNING, FINISHED, EARLY, DIVERGED, INTERRUPTED = 'running', 'finished', 'ended early', 'diverged', 'interrupted'
DAMAGED = 'damaged (has no log.jsonl)'


@dataclass(frozen=True)
class Overview:
    """A run and its results so far."""

    folder: Path
    name: str
    facts: Facts
    status: str | None  # None: not known, as for another program's run
    iteration: int = 0  # completed iterations
    characters: int = 0  # trained on
    seconds: float = 0.0
    validation: float | None = None  # lowest, in bits per character
    part: int | None = None  # held-out characters that it was measured on; None: all

    def __repr__(self) -> str:
        bits = '' if self.validation is None else f', {self.validation:.3f} bits per character'
        return f'<fastrnn run {self.name}: {self.facts.model}, {self.status or "status not known"}{bits}>'

    @property
    def order(self) -> tuple[float, str]:
        """Sort key: best first, runs without validation last."""
        return math.inf if self.validation is None else self.validation, self.name

    @property
    def epochs(self) -> float | None:
        job = self.facts.job
        return self.iteration / job.iterations_per_epoch if job is not None and job.characters else None

    @property
    def as_json(self) -> dict[str, Any]:
        """All facts, for other programs."""
        facts = self.facts
        known: dict[str, Any] = {
            'name': self.name,
            'folder': str(self.folder),
            'status': self.status,
            'engine': facts.engine,
        }
        known |= {'model': facts.model, 'cell': facts.cell, 'layers': facts.layers, 'hidden_size': facts.H}
        known |= {'iteration': self.iteration, 'epochs': self.epochs, 'characters': self.characters}
        known |= {'seconds': round(self.seconds, 3), 'validation': self.validation, 'validation_part': self.part}
        known |= {'text': facts.text, 'held_out': facts.validation, 'version': facts.version}
        return known | {'asked': dict(facts.asked), 'decided': dict(facts.decided), 'reasons': dict(facts.reasons)}

    @classmethod
    def read(cls, folder: str | Path, name: str | None = None) -> 'Overview':
        """Read a run folder. Raises ValueError, in one line, if it isn't one."""
        folder = Path(folder)
        facts = Facts.read(folder)
        running = is_held(folder / LOCK)  # checked first: a run that ends now has written everything read below
        record, state = _last_record(folder), _last_state(folder)
        found = _reached(facts, record, state)
        status = RUNNING if running else _status(facts, record, state, found)
        if not (running or found or (folder / LOG).exists()):
            status = DAMAGED
        return cls(folder, name or folder.name or folder.resolve().name, facts, status, **found)


def find_runs(
    folders: Files = '.', warn: Callable[[str], None] | None = None, look: Callable[[], None] | None = None
) -> list[Overview]:
    """Find the runs in and below folders, lowest validation first.

    Parameters
    ----------
    folders : path or sequence of paths
        Hidden folders and links to folders are searched only if they are named here.
    warn : function, optional
        Called with one line for each folder that is unreadable or a damaged run. By default these are skipped.
    look : function, optional
        Called before each folder; it may raise to stop the search.

    Raises
    ------
    ValueError
        If a folder does not exist, or can't be reached.
    """
    places = [Path(place) for place in ([folders] if isinstance(folders, str | os.PathLike) else folders)]
    found, seen = list[Overview](), set[tuple[int, int]]()
    warn = warn or (lambda _: None)
    for place in places:
        _check_folder(place)
        for folder in run_folders(place, warn, look):
            try:
                facts = folder.stat()
                if (facts.st_dev, facts.st_ino) in seen:
                    continue
                seen.add((facts.st_dev, facts.st_ino))
                name = str(folder) if len(places) > 1 else str(folder.relative_to(place))
                run = Overview.read(folder, None if name == '.' else name)
                if run.status == DAMAGED:
                    warn(f'{folder}: {DAMAGED}; skipped')
                else:
                    found.append(run)
            except ValueError as error:
                problem = str(error).removeprefix(str(folder)).removesuffix(f'; {MADE_BY}').lstrip('/:\\ ')
                warn(f'{folder}: damaged ({problem}); skipped')
            except OSError as error:  # removed during the search
                warn(f'{folder}: {error.strerror or error}')
    return sorted(found, key=lambda run: run.order)


def _check_folder(place: Path) -> None:
    try:
        mode = place.stat().st_mode
    except PermissionError as error:  # of a folder above it
        raise ValueError(f'{place}: {error.strerror}; get permission to read it, or name another folder') from error
    except (OSError, ValueError):
        mode = 0
    if not S_ISDIR(mode):
        raise ValueError(f'{place}: not a folder; name a run, or a folder with runs below it')


def run_folders(top: Path, warn: Callable[[str], None], look: Callable[[], None] | None = None) -> Iterator[Path]:
    """Yield the folders in and below ``top`` with a run's files, in any order.

    These have two kinds of a run's files, or config.json alone unless another program wrote it.
    """
    waiting, count = [top], 0
    while waiting:
        folder = waiting.pop()
        count += 1
        if look is not None:
            look()
        if count > MOST_FOLDERS:
            warn(f'{top}: more than {MOST_FOLDERS:,} folders are below it, and not all were searched; name one of them')
            return
        kinds, below = set[str](), list[str]()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        below += [entry.name] * (not entry.name.startswith('.'))
                    elif entry.name in (CONFIG, LOG):
                        kinds.add(entry.name)
                    elif entry.name == BEST or NUMBERED.fullmatch(entry.name):
                        kinds.add(BEST)
        except OSError as error:
            warn(f'{folder}: {error.strerror or error}')
            continue
        if len(kinds) > 1 or (kinds == {CONFIG} and not of_another_program(folder)):
            yield folder
        waiting += [folder / name for name in below]


def _last_record(folder: Path) -> Mapping[str, Any] | None:
    try:
        with open_regular(folder / LOG) as log:
            return read_last(folder / LOG, log)
    except FileNotFoundError:
        return None
    except OSError:
        with readable(folder, LOG):
            raise


def _last_state(folder: Path) -> dict[str, Any]:
    """The state numbers of the newest valid checkpoint; {} if there is none."""
    for path in reversed(checkpoints(folder)):
        try:
            state = json.loads(read_metadata(path).get('state', ''))
            kinds = {'iteration': int, 'seconds': float, 'halvings': int}
            good = all(type(state[name]) is kind and 0 <= state[name] < MOST_COUNTED for name, kind in kinds.items())
            if good and state['iteration'] == iteration_of(path):
                return dict(state)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return {}


def _reached(facts: Facts, record: Mapping[str, Any] | None, state: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an ``Overview``, from the newest checkpoint, or from the log's last record if that is later."""
    job, part = facts.job, facts.part
    if state and job is not None and (record is None or state['iteration'] >= record['iteration']):
        best, whole = _bits(state.get('best')), _bits(state.get('best_whole'))
        return {
            'iteration': state['iteration'],
            'characters': state['iteration'] * job.seq_length * job.streams,
            'seconds': state['seconds'],
            'validation': best if whole is None else whole,
            'part': part if whole is None and best is not None else None,
        }
    if record is None:
        return {}
    all_read = record['validated'] is not None and part is not None and record['validated'] > part
    return {
        'iteration': record['iteration'],
        'characters': max(0, int(record['characters'])),
        'seconds': max(0.0, record['seconds']),
        'validation': record['best'],
        'part': part if record['best'] is not None and not all_read else None,
    }


def _status(
    facts: Facts, record: Mapping[str, Any] | None, state: Mapping[str, Any], found: Mapping[str, Any]
) -> str | None:
    """The status of a run that no process is running."""
    if facts.job is None:
        return None
    if record is not None and not math.isfinite(record['train']):
        return DIVERGED
    if found and facts.job.at_end(found['iteration'], found['seconds']):
        return FINISHED
    if state.get('halvings', 0) >= ROLLBACKS:
        return DIVERGED
    worse = state.get('worse', 0)
    return EARLY if type(worse) is int and facts.job.lost_patience(worse) else INTERRUPTED


def _bits(value: Any) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None
