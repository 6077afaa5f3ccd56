"""fastrnn: min-char-rnn as compiled kernels, with the same bits. See the README."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import Config as Config
    from .corpus import Corpus as Corpus
    from .corpus import read_text as read_text
    from .dropin import bind as bind
    from .errors import Diverged as Diverged
    from .trainer import Progress as Progress
    from .trainer import train as train

__version__ = '0.1.0'

# Looked up on first use: importing Numba takes longer than all the rest.
_HOMES = {
    'Config': '.config',
    'Corpus': '.corpus',
    'read_text': '.corpus',
    'bind': '.dropin',
    'Diverged': '.errors',
    'Progress': '.trainer',
    'train': '.trainer',
}
__all__ = ['__version__', *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
