"""``config.json`` of a run folder: what the run is; its one writer and its one reader."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .._version import __version__
from ..data.files import EARLIER, EarlierErrors
from ..data.texts import Texts
from ..errors import in_a_line
from ..settings.config import Config
from ..system.atomic import write_atomically
from ..system.reading import SMALL, read_bytes

CONFIG = 'config.json'
FORMAT = 2  # 1 is 0.1.0's, with fewer settings, which reads no others


@dataclass(frozen=True)
class Description:
    """What a run is, as its folder says."""

    config: Config
    texts: Texts
    identity: dict[str, Any]  # of the text, see data/texts.py
    keep: int
    on_divergence: str
    lengthened: Sequence[int] = ()  # iterations at which the run was over, and was given a later end
    transferred: bool = False  # begun with another model's weights: then no run can begin from this alone

    def write(self, folder: Path) -> None:
        facts = {
            'format': FORMAT,
            'fastrnn': __version__,
            'config': asdict(self.config),
            'text': asdict(self.texts.absolute()),
            'identity': self.identity,
            'keep': self.keep,
            'on_divergence': self.on_divergence,
            'lengthened': list(self.lengthened),
            'adopted': self.transferred,
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
            if not isinstance(texts.validation, str | None) or not isinstance(facts['identity'], dict):
                raise TypeError('text or identity')
            return cls(
                lengthened=[int(iteration) for iteration in facts.get('lengthened', [])],
                config=Config(**facts['config']),
                texts=texts,
                identity=facts['identity'],
                keep=int(facts['keep']),
                on_divergence=str(facts['on_divergence']),
                transferred=facts.get('adopted', False),
            )
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            reason = in_a_line(error)
            raise ValueError(f'{folder / CONFIG}: damaged ({reason}); start a new run with --from') from error


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
