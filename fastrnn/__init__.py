"""fastrnn: trains character-level RNNs on the CPU; bit-identical to min-char-rnn if asked. See the README."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .data.corpus import Corpus as Corpus
    from .data.corpus import open_corpus as open_corpus
    from .data.corpus import read_text as read_text
    from .engines.dropin import bind as bind
    from .errors import Diverged as Diverged
    from .inference.evaluate import evaluate as evaluate
    from .inference.generate import sample as sample
    from .inference.generate import samples as samples
    from .inference.states import states as states
    from .inference.surprisal import surprisals as surprisals
    from .model.checkpoint import load_model as load_model
    from .model.checkpoint import save_model as save_model
    from .model.model import Model as Model
    from .pages.export import export as export
    from .progress.records import Record as Record
    from .runs.overview import find_runs as find_runs
    from .runs.resume import resume as resume
    from .runs.session import Session as Session
    from .runs.start import start as start
    from .settings.config import Config as Config
    from .settings.config import preset as preset
    from .training.run import Run as Run
    from .training.train import train as train
    from .training.watch import watch as watch

    Progress = Record  # its name in earlier versions

# imported on first use: importing Numba takes longer than everything else
_HOMES = {
    'Config': '.settings.config',
    'Corpus': '.data.corpus',
    'Diverged': '.errors',
    'Model': '.model.model',
    'Record': '.progress.records',
    'Run': '.training.run',
    'Session': '.runs.session',
    'bind': '.engines.dropin',
    'evaluate': '.inference.evaluate',
    'export': '.pages.export',
    'find_runs': '.runs.overview',
    'load_model': '.model.checkpoint',
    'open_corpus': '.data.corpus',
    'preset': '.settings.config',
    'read_text': '.data.corpus',
    'resume': '.runs.resume',
    'sample': '.inference.generate',
    'samples': '.inference.generate',
    'save_model': '.model.checkpoint',
    'start': '.runs.start',
    'states': '.inference.states',
    'surprisals': '.inference.surprisal',
    'train': '.training.train',
    'watch': '.training.watch',
}
__all__ = [  # literal, for type checkers
    'Config',
    'Corpus',
    'Diverged',
    'Model',
    'Record',
    'Run',
    'Session',
    '__version__',
    'bind',
    'evaluate',
    'export',
    'find_runs',
    'load_model',
    'open_corpus',
    'preset',
    'read_text',
    'resume',
    'sample',
    'samples',
    'save_model',
    'start',
    'states',
    'surprisals',
    'train',
    'watch',
]
_EARLIER = {'Progress': 'Record'}  # names of earlier versions still work


if not TYPE_CHECKING:  # type checkers would accept any name

    def __getattr__(name: str) -> object:
        current = _EARLIER.get(name, name)
        if current not in _HOMES:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        from .errors import of_numba
        from .system.blas import spare_threads

        spare_threads()
        try:
            module = import_module(_HOMES[current], __name__)
        except Exception as error:
            raise of_numba(error) or error from error
        value = globals()[name] = getattr(module, current)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
