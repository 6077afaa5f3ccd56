"""The progress of a run watched from Python: the command's line in a terminal, an HTML bar in a notebook."""

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

OFTEN = 0.1  # seconds between two updates: the browser draws each


def display() -> AbstractContextManager[Callable[[Record], None]]:
    """Yields a function to call with each record."""
    if not foremost():
        return progress.display(off=True)
    return _in_notebook() if _is_notebook() else progress.display()


def _is_notebook() -> bool:
    """True in a Jupyter kernel; False for IPython in a terminal."""
    ipython = sys.modules.get('IPython')
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, 'kernel')


@contextmanager
def _in_notebook() -> Iterator[Callable[[Record], None]]:
    """An HTML bar, updated up to ten times a second; plain text in notebooks without HTML."""
    from IPython import display as ipython

    handle = ipython.display(  # type: ignore[no-untyped-call]
        _data('starting; the first run compiles kernels for a few seconds', 0.0), raw=True, display_id=True
    )
    words, share, validation, drawn = '', 0.0, None, -math.inf

    def show(record: Record) -> None:
        nonlocal words, share, validation, drawn
        validation = validation if record.validation is None else record.validation
        words, share, now = line(record, validation), record.share, time.monotonic()
        if now >= drawn + OFTEN:
            drawn = now
            handle.update(_data(words, share), raw=True)

    try:
        yield show
    except KeyboardInterrupt:
        words = (f'{words}; ' if words else '') + 'interrupted; watch the run again to continue'
        raise
    except BaseException:
        words = words or 'failed before the first iteration'
        raise
    else:
        words = words or 'the run was already complete'
    finally:
        handle.update(_data(words, share), raw=True)


def line(record: Record, validation: float | None) -> str:
    """A record in the words of the progress line. ``validation``: the latest one, if any."""
    parts = parts_of(record, record.iteration + 1, validation)
    return ', '.join(forms[0] for name, forms in parts.items() if not (name == 'left' and record.last))


def _data(words: str, share: float) -> dict[str, str]:
    bar = f'<progress max="1" value="{share:.4f}"></progress> ' if share else ''
    return {'text/plain': words, 'text/html': f'<div>{bar}{html.escape(words)}</div>'}
