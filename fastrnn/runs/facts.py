"""Reads ``config.json`` of a run of any version, for display, without importing Numba."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..decision.job import Job
from ..model.architecture import CELLS, in_words
from ..model.run_files import CONFIG
from ..settings.abilities import ABILITIES, engine_now
from ..settings.options import OPTIONS, TABLE, Settings
from ..settings.parsing import parse_share, share_in_words
from ..system.reading import SMALL, read_bytes

MADE_BY = 'name a folder made by fastrnn train --out'
MAX_TEXT = 1000  # characters kept of a reason or a name: a stranger may have written the file


@dataclass(frozen=True)
class Facts:
    """The given options, and the decisions. Invalid values are left out."""

    engine: str
    cell: str
    layers: int
    H: int
    asked: Mapping[str, Any] = field(default_factory=dict)  # given options; before 0.2: not the gist's
    decided: Mapping[str, Any] = field(default_factory=dict)  # settings, by name
    reasons: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None  # names of the files, without their folders
    validation: str | None = None  # a share such as 10%, or a file name without its folders
    reading: Mapping[str, Any] = field(default_factory=dict)  # options of the text that are not the defaults
    version: str | None = None  # fastrnn's
    job: Job | None = None  # None: the run of another program

    @property
    def model(self) -> str:
        """Such as 'lstm H=256'."""
        return in_words(self.cell, self.layers, self.H)

    @property
    def part(self) -> int | None:
        """Held-out characters that all validations but the last read; None: all of them."""
        return self.decided.get('validate_part')

    @property
    def baseline(self) -> bool:
        """True for runs of the reference engine, with which others are compared."""
        return self.engine in ABILITIES and ABILITIES[self.engine].baseline

    @classmethod
    def read(cls, folder: Path) -> 'Facts':
        """Read a run folder's config.json. Raises ValueError, in one line, if it can't."""
        path = folder / CONFIG
        with readable(folder, CONFIG):
            data = read_bytes(path, SMALL)
        try:
            found = json.loads(data)
            given = found['job' if 'job' in found else 'config']  # which versions before 0.2 wrote
            engine, cell, layers, H = (
                given['engine'],
                given.get('cell', 'rnn'),
                given.get('layers', 1),
                given['hidden_size'],
            )
            if not isinstance(engine, str) or cell not in CELLS or type(layers) is not int or type(H) is not int:
                raise TypeError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError(f'{path}: not the configuration of a run; {MADE_BY}') from None
        given = {**given, 'engine': engine_now(engine)}
        decided, text = _options(given), _dict(found.get('text'))
        asked = found.get('asked')
        if not isinstance(asked, dict):
            asked = {name: value for name, value in decided.items() if value not in (None, TABLE[name].default)}
        return cls(
            engine=engine_now(engine)[:MAX_TEXT],
            cell=cell,
            layers=layers,
            H=H,
            asked=_options(asked),
            decided=decided,
            reasons={k: v[:MAX_TEXT] for k, v in _dict(given.get('reasons')).items() if isinstance(v, str)},
            text=_word(given.get('text_name')) or _names(text.get('files')),
            validation=_held_out(text.get('validation')),
            reading=_reading(text),
            version=_word(found.get('fastrnn')),
            job=_job(given, _dict(found.get('identity'))),
        )


def of_another_program(folder: Path) -> bool:
    """True if config.json is a JSON object without the settings of a run."""
    try:
        found = json.loads(read_bytes(folder / CONFIG, SMALL))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not {'job', 'config'} & set(found)


@contextmanager
def readable(folder: Path, name: str) -> Iterator[None]:
    """Turns system errors about a run's file into one line."""
    try:
        yield
    except FileNotFoundError:
        raise ValueError(f'{folder}/: has no {name}; {MADE_BY}') from None
    except OSError as error:
        raise ValueError(f'{folder / name}: {error.strerror or error}; {MADE_BY}') from error


def _job(given: Mapping[str, Any], identity: Mapping[str, Any]) -> Job | None:
    """The job, for the run's end and learning rate; None if the values are invalid."""
    names = {row.name for row in fields(Job)} if 'segments' in given else {row.name for row in fields(Settings)}
    known = {name: value for name, value in given.items() if name in names}
    try:
        return Job(**{'characters': identity.get('characters', 0), **known})
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        row = TABLE.get(name) or OPTIONS.get(name if name == 'preset' else '')
        try:
            if row is not None:
                found[name] = None if value is None else row.kind.check(name, value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            continue
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str | None:
    return value[:MAX_TEXT].strip() or None if isinstance(value, str) else None


def _names(files: Any) -> str | None:
    """The names of files, as in a job's ``text_name`` (data/texts.py takes longer to import)."""
    names = [_last(name) for name in files if isinstance(name, str)] if isinstance(files, list) else []
    return _word(', '.join(names) if len(names) < 4 else f'{names[0]} and {len(names) - 1} more')


def _held_out(validation: Any) -> str | None:
    """A share in percent, or the name of a file without its folders."""
    if not isinstance(validation, str):
        return None
    try:
        share = parse_share(validation)
    except ValueError:
        share = None
    return _word(_last(validation)) if share is None else share_in_words(share)


def _reading(text: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name in ('encoding', 'errors', 'unit', 'min_count', 'skip_unknown'):
        row = OPTIONS[name]
        with suppress(ValueError, TypeError):
            value = row.kind.check(name, text.get(name, row.default))
            if type(value) is type(row.default) and value != row.default:
                found[name] = value[:MAX_TEXT] if isinstance(value, str) else value
    return found


def _last(name: str) -> str:
    return name.replace('\\', '/').rpartition('/')[2]
