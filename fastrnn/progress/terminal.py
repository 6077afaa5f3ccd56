"""The last line of a terminal, which is drawn anew as time goes on and as the terminal's width changes."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.control import Control
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import ControlType, Segment
from rich.text import Text

from ..system.escapes import Shown

GAP = '  '
MARGIN = 5  # columns: for the cursor, and for ^C^C, which a terminal shows where it stands


def breaks_lines(environment: Mapping[str, str]) -> bool:
    """Whether the terminal breaks lines anew when it becomes narrower; xterm and GNU screen cut them off."""
    return 'TMUX' in environment or not ('XTERM_VERSION' in environment or 'STY' in environment)


class LastLine(Live):
    """Shows what ``line(columns)`` gives: words, the columns of a bar after the first of them, and its share.

    What is printed meanwhile appears above it, as it is: rich's own way would keep only what follows a carriage
    return, obey escapes, and break lines between words.
    """

    def __init__(self, line: Callable[[int], tuple[list[str], int, float]], refresh_per_second: float = 10) -> None:
        self._line, self._drawn = line, 0  # columns of what stands there
        super().__init__(
            _Drawn(self),
            console=Console(file=getattr(sys.stderr, 'obeyed', sys.stderr)),
            transient=True,
            refresh_per_second=refresh_per_second,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._above = dict[str, _Above]()  # by the name of the stream

    def start(self, refresh: bool = False) -> None:
        try:
            super().start(refresh)
        except RuntimeError:  # the system allows no thread that draws it
            super().stop()
            return
        for name in ('stdout', 'stderr'):
            stream: Any = getattr(sys, name)
            if stream is not None and stream.isatty():  # else it is not on the terminal
                self._above[name] = above = _Above(self.console, stream)
                setattr(sys, name, Shown(above) if hasattr(stream, 'obeyed') else above)

    def stop(self) -> None:
        taken, self._above = self._above, {}
        for name, above in taken.items():
            setattr(sys, name, above.stream)
        super().stop()
        for above in taken.values():
            above.stream.write(above.rest)

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Before anything is written: go back to the start of the line.

        A terminal that has become narrower has broken it into rows (most do); rich erases the last of them.
        """
        rows = -(-self._drawn // max(1, self.console.width)) if breaks_lines(os.environ) else 1
        up = Control(*((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)) * max(0, rows - 1))
        return super().process_renderables([up, *renderables])

    def draw(self, columns: int) -> RenderResult:
        words, bar, share = self._line(columns - MARGIN)
        text = GAP.join(words)
        self._drawn = len(text)
        if bar:
            self._drawn += bar + len(GAP)
            yield Text(words[0] + GAP, end='')
            yield ProgressBar(1.0, share, width=bar)
            text = ''.join(GAP + word for word in words[1:])
        yield Text(text, end='', no_wrap=True)


class _Above:
    """A standard stream while the line is there: whole lines appear above it."""

    def __init__(self, console: Console, stream: Any) -> None:
        self._console, self.stream, self.rest = console, stream, ''

    def write(self, text: str) -> int:
        lines, newline, self.rest = (self.rest + text).rpartition('\n')
        if newline:
            self._console.print(_AsItIs(lines + newline), soft_wrap=True)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _AsItIs:
    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._text)


class _Drawn:
    """The line as it is when it is drawn, not when it was set."""

    def __init__(self, line: LastLine) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._line.draw(options.max_width)
