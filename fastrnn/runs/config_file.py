"""``config.json`` of a run folder: what was asked for, and what was decided; its one writer and its one reader."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .._version import __version__
from ..data.files import EARLIER, EarlierErrors
from ..data.texts import Texts
from ..decision.changes import of_earlier
from ..decision.job import Job
from ..decision.text import Text
from ..errors import in_a_line
from ..model.run_files import CONFIG
from ..settings.options import check
from ..system.atomic import write_atomically
from ..system.reading import SMALL, read_bytes

FORMAT = 3  # 1 is 0.1.0's, with fewer settings, which reads no others; in 2, too, what was asked is what was decided


@dataclass(frozen=True)
class Description:
    """What a run is, as its folder says."""

    job: Job | None  # None: of an earlier version's, until there is a text; see ``job_on``
    asked: Mapping[str, Any]  # a preset, and options
    texts: Texts
    identity: Mapping[str, Any]  # of the text, see data/texts.py
    keep: int
    transferred: bool = False  # begun with another model's weights: then no run can begin from this alone
    lengthened: tuple[int, ...] = ()  # iterations at which the run was over, and was given a later end
    earlier: Mapping[str, Any] = field(default_factory=dict)  # settings of an earlier version's run

    def job_on(self, text: Text) -> Job:
        """The job, on its text. Raises ValueError for one that is of another, or has settings that can't be."""
        if self.job is not None:
            held_out = 0 if text.held_out is None else text.held_out.size
            there, here = (self.job.V, self.job.characters, self.job.held_out), (text.V, text.characters, held_out)
            if there != here:
                raise ValueError(f'V, characters and held_out are {there}, but those of the text are {here}')
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
        """Raises ValueError, in one line, for what is no such file."""
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


def damaged(folder: Path, error: Exception) -> ValueError:
    return ValueError(f'{folder / CONFIG}: damaged ({in_a_line(error)}); start a new run with --from')


def _read(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        facts = json.loads(read_bytes(path, SMALL))
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}; name a folder made by fastrnn train --out') from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path}: damaged ({error}); start a new run with --from') from error
    if not isinstance(facts, dict) or not isinstance(facts.get('format'), int):
        raise ValueError(f'{path}: not a run of fastrnn; name a folder made by fastrnn train --out')
    if facts['format'] > FORMAT:
        raise ValueError(f'{path}: format {facts["format"]} of a newer fastrnn: upgrade fastrnn')
    return facts
