"""The progress of a run that is watched from Python: in a terminal the command's bar, in a notebook one of its own."""

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ..parallel.launcher import foremost
from . import bar as progress
from .records import Progress


def display() -> AbstractContextManager[Callable[[Progress], None]]:
    """A function to be called with each record."""
    if not foremost():
        return progress.display(off=True)
    return _in_notebook() if _is_notebook() else progress.display()


def _is_notebook() -> bool:
    """Whether this is a kernel of Jupyter's; IPython in a terminal is a terminal."""
    ipython = sys.modules.get('IPython')
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, 'kernel')


@contextmanager
def _in_notebook() -> Iterator[Callable[[Progress], None]]:
    """A bar of HTML that is written anew; plain text where a notebook shows no HTML."""
    from IPython import display as ipython

    handle = ipython.display(  # type: ignore[no-untyped-call]
        _data('starting; a first run compiles for some seconds', 0.0), raw=True, display_id=True
    )

    def show(record: Progress) -> None:
        handle.update(_data(line(record), record.share), raw=True)

    yield show


def line(record: Progress) -> str:
    """A record in words."""
    speed = record.characters / max(record.seconds, 1e-9)
    words = [
        f'iteration {record.iteration + 1:,}',
        f'{speed:,.0f} characters/s',
        f'{record.smooth_bits_per_character:.3f} bits per character',
    ]
    if record.best is not None:
        words.append(f'best validation {record.best:.3f}')
    return ', '.join(words)


def _data(words: str, share: float) -> dict[str, str]:
    bar = f'<progress max="1" value="{share:.4f}"></progress> ' if share else ''
    return {'text/plain': words, 'text/html': f'<div>{bar}{html.escape(words)}</div>'}
