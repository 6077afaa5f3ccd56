"""The progress of a run that is watched from Python: in a terminal the command's bar, in a notebook one of its own."""

import html
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ..parallel.launcher import foremost
from . import bar as progress
from .bar import parts_of
from .records import Record

OFTEN = 0.1  # seconds between two updates, which a browser has to draw


def display() -> AbstractContextManager[Callable[[Record], None]]:
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
def _in_notebook() -> Iterator[Callable[[Record], None]]:
    """A bar of HTML that is written anew, some times a second; plain text where a notebook shows no HTML."""
    from IPython import display as ipython

    handle = ipython.display(  # type: ignore[no-untyped-call]
        _data('starting; a first run compiles for some seconds', 0.0), raw=True, display_id=True
    )
    told, share, validation, drawn = '', 0.0, None, -math.inf

    def show(record: Record) -> None:
        nonlocal told, share, validation, drawn
        validation = validation if record.validation is None else record.validation
        told, share, now = line(record, validation), record.share, time.monotonic()
        if now >= drawn + OFTEN:
            drawn = now
            handle.update(_data(told, share), raw=True)

    try:
        yield show
    except KeyboardInterrupt:
        told = (f'{told}; ' if told else '') + 'interrupted: watch the run again to go on'
        raise
    except BaseException:
        told = told or 'it could not begin'
        raise
    else:
        told = told or 'nothing was left to do'
    finally:
        handle.update(_data(told, share), raw=True)


def line(record: Record, validation: float | None) -> str:
    """A record in words, those of the bar; the last validation may be an earlier one's."""
    parts = parts_of(record, record.iteration + 1, validation)
    return ', '.join(forms[0] for name, forms in parts.items() if not (name == 'left' and record.last))


def _data(words: str, share: float) -> dict[str, str]:
    bar = f'<progress max="1" value="{share:.4f}"></progress> ' if share else ''
    return {'text/plain': words, 'text/html': f'<div>{bar}{html.escape(words)}</div>'}
