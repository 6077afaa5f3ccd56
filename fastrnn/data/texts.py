"""The texts of a run: file names, how to read them, and whether they have changed."""

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from ..errors import in_a_line
from ..settings.file_names import file_names
from ..settings.parsing import parse_share
from .corpus import Corpus, corpus_of_hash, open_corpus
from .files import STANDARD_INPUT, STDIN, Reading
from .stored import CHUNK, Ids

DIGITS = 12  # of a hash in messages
NAMED = 5  # files that a message names; --recursive may find thousands


@dataclass(frozen=True)
class Texts:
    """Names of files and how to read them, as saved with a run."""

    files: tuple[str, ...]
    encoding: str = 'utf-8'
    errors: str = 'strict'
    unit: str = 'character'
    min_count: int = 1
    validation: str | None = None  # a share, held out from the end, or a file
    skip_unknown: bool = False  # leave characters out of that file that the text does not have

    def __post_init__(self) -> None:
        if self.skip_unknown:
            check_skip(True, self.validation is not None and parse_share(self.validation) is None)
        reading = Reading(self.encoding, self.errors, self.unit, self.min_count)  # raises ValueError
        for name in ('errors', 'unit'):
            object.__setattr__(self, name, getattr(reading, name))

    @classmethod
    def of(cls, files: str | Path | Sequence[str | Path], **reading: Any) -> 'Texts':
        """From one or more files; ``reading`` has the other fields, with ``validation`` a share or path of any type."""
        validation = reading.pop('validation', None)
        if validation is not None and not isinstance(validation, int | float | str | Path):
            kind = type(validation).__name__
            raise ValueError(f'validation is a {kind}; a run in a folder needs a share or a file name')
        share = None if validation is None else parse_share(validation)
        held_out = None if validation is None else str(share or file_names(validation, 'validation')[0])
        if held_out == STDIN:
            raise ValueError("standard input can't be the held-out text; name a share or a file")
        return cls(tuple(file_names(files)), validation=held_out, **reading)

    @property
    def name(self) -> str:
        """Short names of the files, without folders: the same on every machine."""
        names = [name.replace('\\', '/').rpartition('/')[2] for name in self.files]
        return ', '.join(names) if len(names) < 4 else f'{names[0]} and {len(names) - 1} more'

    def absolute(self) -> 'Texts':
        """The same files with absolute paths."""
        validation = self.validation
        if validation is not None and parse_share(validation) is None:
            validation = str(Path(validation).absolute())
        files = (name if name == STDIN else str(Path(name).absolute()) for name in self.files)
        return replace(self, files=tuple(files), validation=validation)

    @property
    def piped(self) -> bool:
        """True if part of the text comes from standard input, which can be read only once."""
        return STDIN in self.files

    def again(self, run: Path) -> str:
        """How to resume a run whose text came from standard input, in words."""
        names = ' '.join('FILE' if name == STDIN else quote(name) for name in self.files)
        return f'save the same text in a file and type: fastrnn train {names} --resume {quote(str(run))}'

    def check_files(self, run: Path) -> None:
        """Raise ValueError if a run folder names a file that is not regular: it may be a stranger's folder."""
        for name in self.files:
            if name != STDIN and os.path.exists(name) and not os.path.isfile(name):
                cure = f'name the text yourself: fastrnn train FILE --resume {quote(str(run))}'
                raise ValueError(in_a_line(f'{name}: not a regular file, but {run} names it as its text; {cure}'))

    def check_held_out(self, run: Path) -> None:
        """Like :meth:`check_files`, for the held-out text, which only the run folder names."""
        name = self.validation
        if name is not None and parse_share(name) is None and os.path.exists(name) and not os.path.isfile(name):
            cure = 'put the held-out text there, or start a new run from the weights with --from'
            raise ValueError(in_a_line(f'{name}: not a regular file, but {run} names it as held-out text; {cure}'))

    def check_there(self, run: Path) -> None:
        """Raise ValueError, with the command to type, if a file of a saved run is missing."""
        gone = [name for name in self.files if name != STDIN and _is_gone(name)]
        if gone:
            names = ' '.join('NEWPLACE' if name in gone else quote(name) for name in self.files[: NAMED + 1])
            names = 'FILES' if len(self.files) > NAMED else names
            cure = f'if the text has moved, type: fastrnn train {names} --resume {quote(str(run))}'
            raise ValueError(in_a_line(f'{gone[0]}: No such file; {cure}'))
        if self.validation is not None and parse_share(self.validation) is None and _is_gone(self.validation):
            cure = 'put the held-out text back, or start a new run from the weights with --from'
            raise ValueError(in_a_line(f'{self.validation}: No such file; {cure}'))

    def open(self, run: Path | None = None, sha256: Any = None) -> Corpus:
        """The text, including its held-out part.

        Text that ``run`` read from standard input comes from the cache, by its hash; if it is gone, ValueError says how
        to resume without it.
        """
        return self._read() if run is None or not self.piped else self._found(run, str(sha256))

    def _read(self) -> Corpus:
        return open_corpus(
            [Path(name) for name in self.files],
            encoding=self.encoding,
            errors=self.errors,
            unit=self.unit,
            min_count=self.min_count,
        )

    def _found(self, run: Path, sha256: str) -> Corpus:
        corpus = corpus_of_hash(sha256, Reading(self.encoding, self.errors, self.unit, self.min_count))
        if corpus is None:
            gone = f'{run}: its text came from standard input, and is no longer in the cache'
            raise ValueError(in_a_line(f'{gone}; {self.again(run)}'))
        return corpus


def check_skip(skip_unknown: bool, held_out_file: bool) -> None:
    """Raise ValueError where nothing could be unknown: what is held out of the text has its characters."""
    if skip_unknown and not held_out_file:
        raise ValueError('--skip-unknown needs a separate held-out file: add --validation FILE, or leave it out')


def text_identity(corpus: Corpus, held_out: Ids | None) -> dict[str, Any]:
    """What must stay the same when a run is resumed."""
    of_held_out = None if held_out is None else _hash(held_out)
    return {'sha256': corpus.sha256, 'characters': corpus.ids.size, 'held_out_sha256': of_held_out}


def _hash(ids: Ids) -> str:
    digest = hashlib.sha256()
    for start in range(0, ids.size, CHUNK):
        digest.update(np.ascontiguousarray(ids[start : start + CHUNK]).data)
    return digest.hexdigest()


def check_text_identity(then: dict[str, Any], now: dict[str, Any], texts: Texts, since: Path) -> None:
    """Raise ValueError if the text differs from the one used when ``since``, a file of the run, was written."""
    own = texts.validation is not None and parse_share(texts.validation) is None
    of_held_out = (str(texts.validation),) if own else texts.files
    if then.get('sha256') != now['sha256']:
        counts = f'{_count(then.get("characters"))} characters then, {_count(now["characters"])} now; '
        raise _changed('', texts.files, counts, then.get('sha256'), now['sha256'], since)
    if then.get('held_out_sha256') != now['held_out_sha256']:
        hashes = then.get('held_out_sha256'), now['held_out_sha256']
        raise _changed('the held-out text, ', of_held_out, '', *hashes, since)
    if then.get('characters') != now['characters']:
        raise ValueError(
            f'the run trained on {_count(then.get("characters"))} characters, '
            f'but this text has {_count(now["characters"])}: '
            'use the same --validation, --unit and other text options'
        )


def _changed(what: str, files: Sequence[str], counts: str, then: Any, now: Any, since: Path) -> ValueError:
    named = files[:NAMED]
    dated = (Path(name) for name in named if name != STDIN)
    dates = [f'{since.name} of {_date(since)}', *(f'{path.name} of {_date(path)}' for path in dated)]
    names = ', '.join(STANDARD_INPUT if name == STDIN else name for name in named)
    more = f' and {len(files) - NAMED:,} more files' if len(files) > NAMED else ''
    hashes = f'SHA-256 {_digits(then)} then, {_digits(now)} now'
    message = (
        f'{what}{names}{more}: changed since the run ({counts}{", ".join(dates)}; {hashes}): '
        f'name the original text with fastrnn train FILE --resume {quote(str(since.parent))}, or start a new run '
        'from the weights with --from'
    )
    return ValueError(in_a_line(message))


def _count(number: Any) -> str:
    return f'{number:,}' if isinstance(number, int) else 'unknown'


def _digits(digest: Any) -> str:
    """The first digits of a hash, from a file that may contain anything."""
    return digest[:DIGITS] if isinstance(digest, str) and digest.isascii() and digest.isalnum() else 'unknown'


def _date(path: Path) -> str:
    """The file's last change, in local time."""
    try:
        return time.strftime('%Y-%m-%d %H:%M', time.localtime(path.stat().st_mtime))
    except OSError:
        return 'an unknown date'


def _is_gone(name: str) -> bool:
    try:
        os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it may exist: reading it will show why
        return False
    return False
