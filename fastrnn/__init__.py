"""fastrnn: min-char-rnn as compiled kernels, with the same bits. See the README."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import load_model as load_model
    from .checkpoint import save_model as save_model
    from .config import Config as Config
    from .corpus import Corpus as Corpus
    from .corpus import open_corpus as open_corpus
    from .corpus import read_text as read_text
    from .dropin import bind as bind
    from .errors import Diverged as Diverged
    from .evaluation import evaluate as evaluate
    from .in_memory import train as train
    from .opening import resume as resume
    from .opening import start as start
    from .presets import preset as preset
    from .records import Progress as Progress
    from .sampling import sample as sample
    from .sampling import samples as samples
    from .scoring import surprisals as surprisals
    from .session import Session as Session
    from .trainer import Run as Run
    from .training import watch as watch

__version__ = '0.1.0'

# Looked up on first use: importing Numba takes longer than all the rest.
_HOMES = {
    'Config': '.config',
    'Corpus': '.corpus',
    'Diverged': '.errors',
    'Progress': '.records',
    'Run': '.trainer',
    'Session': '.session',
    'bind': '.dropin',
    'evaluate': '.evaluation',
    'load_model': '.checkpoint',
    'open_corpus': '.corpus',
    'preset': '.presets',
    'read_text': '.corpus',
    'resume': '.opening',
    'sample': '.sampling',
    'samples': '.sampling',
    'save_model': '.checkpoint',
    'start': '.opening',
    'surprisals': '.scoring',
    'train': '.in_memory',
    'watch': '.training',
}
__all__ = ['__version__', *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
