"""Writes and reads ``config.json`` of a run folder: what was asked for, and what was decided."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Any

from .._version import __version__
from ..data.files import EARLIER, EarlierErrors
from ..data.texts import Texts
from ..decision.changes import of_earlier
from ..decision.job import Job
from ..decision.text import Text
from ..errors import in_a_line
from ..model.run_files import BEST, CONFIG, checkpoints
from ..settings.options import check
from ..system.atomic import write_atomically
from ..system.reading import SMALL, read_bytes

FORMAT = 3  # 1: version 0.1.0, with fewer settings; in 1 and 2, there is one list of settings, asked and decided
ANOTHER = 'start again in another folder'  # what to do with a run that has no weights yet


@dataclass(frozen=True)
class Description:
    """The contents of ``config.json``."""

    job: Job | None  # None for a run of an earlier version, until its text is opened; see ``job_on``
    asked: Mapping[str, Any]  # a preset, and options
    texts: Texts
    identity: Mapping[str, Any]  # of the text, see data/texts.py
    keep: int
    transferred: bool = False  # started from another model's weights: this file alone can't restart the run
    lengthened: tuple[int, ...] = ()  # iterations at which the run was complete and got a later end
    earlier: Mapping[str, Any] = field(default_factory=dict)  # settings of a run of an earlier version

    def job_on(self, text: Text) -> Job:
        """The job for ``text``. Raises ValueError if the job is of another text, or has invalid settings."""
        if self.job is not None:
            held_out = 0 if text.held_out is None else text.held_out.size
            there, here = (self.job.V, self.job.characters, self.job.held_out), (text.V, text.characters, held_out)
            if there != here:
                raise ValueError(f'V, characters and held_out are {there}, but {here} in the text')
            return self.job
        job = of_earlier(self.earlier['config'], text)
        return replace(job, on_divergence=check('on_divergence', self.earlier['on_divergence']))

    def write(self, folder: Path) -> None:
        assert self.job is not None
        facts = {
            'format': FORMAT,
            'fastrnn': __version__,
            'asked': dict(self.asked),
            'job': self.job.facts,
            'text': asdict(self.texts.absolute()),
            'identity': dict(self.identity),
            'keep': self.keep,
            'transferred': self.transferred,
            'lengthened': list(self.lengthened),
        }
        write_atomically(folder / CONFIG, (json.dumps(facts, indent=1) + '\n').encode())

    @classmethod
    def read(cls, folder: Path) -> 'Description':
        """Read ``config.json``. Raises ValueError, in one line, if it is missing, damaged or of a newer version."""
        facts = _read(folder)
        try:
            text = dict(facts['text'])
            if text.get('errors') in EARLIER:
                text['errors'] = EarlierErrors(text['errors'])
            texts = Texts(**{**text, 'files': tuple(map(str, text['files']))})
            settings = facts['job' if facts['format'] == FORMAT else 'config']
            flags = isinstance(texts.validation, str | None) and isinstance(texts.skip_unknown, bool)
            if not flags or not isinstance(facts['identity'], dict):
                raise TypeError('text or identity')
            if not isinstance(settings, dict):
                raise TypeError('settings')
            is_new = facts['format'] == FORMAT
            job = Job(**facts['job']) if is_new else None
            if job is not None and not (job.segments and isinstance(job.reasons, dict)):
                raise TypeError('segments or reasons')
            return cls(
                job=job,
                asked=dict(facts['asked']) if is_new else {},
                texts=texts,
                identity=facts['identity'],
                keep=check('keep', facts['keep']),
                transferred=facts.get('transferred', facts.get('adopted', False)) is True,
                lengthened=tuple(int(iteration) for iteration in facts.get('lengthened', [])),
                earlier={} if is_new else {'config': dict(facts['config']), 'on_divergence': facts['on_divergence']},
            )
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise damaged(folder, error) from error


def damaged(folder: Path, what: object) -> ValueError:
    """The error for an invalid config.json; ``what`` is wrong with it."""
    kept = (folder / BEST).exists() or checkpoints(folder)
    cure = f'start a new run from its weights with --from {quote(str(folder))}' if kept else ANOTHER
    return ValueError(in_a_line(f'{folder / CONFIG}: damaged ({what}); {cure}'))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        facts = json.loads(read_bytes(path, SMALL))
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}; name a folder made by fastrnn train --out') from error
    except json.JSONDecodeError as error:
        raise damaged(folder, f'line {error.lineno} is not JSON') from error
    except (ValueError, RecursionError) as error:
        raise damaged(folder, 'not JSON') from error
    if not isinstance(facts, dict) or not isinstance(facts.get('format'), int):
        raise ValueError(f'{path}: not a run of fastrnn; name a folder made by fastrnn train --out')
    if facts['format'] > FORMAT:
        raise ValueError(f'{path}: format {facts["format"]} of a newer fastrnn: upgrade fastrnn')
    return facts
