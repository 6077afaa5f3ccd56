"""The last line of a terminal, redrawn as time passes and as the terminal's width changes."""

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
MARGIN = 5  # columns for the cursor, and for ^C^C, which the terminal prints at the cursor


def breaks_lines(environment: Mapping[str, str]) -> bool:
    """True if the terminal rewraps lines when it gets narrower; xterm and GNU screen truncate them."""
    return 'TMUX' in environment or not ('XTERM_VERSION' in environment or 'STY' in environment)


class LastLine(Live):
    """Shows what ``line(columns)`` returns: words, the width of the bar after the first word, and the bar's share.

    Text printed meanwhile appears above it unchanged. rich's own redirection would drop text before a carriage return,
    interpret escapes, and break lines between words.
    """

    def __init__(self, line: Callable[[int], tuple[list[str], int, float]], refresh_per_second: float = 10) -> None:
        self._line, self._drawn = line, 0  # columns drawn so far
        super().__init__(
            _Drawn(self),
            console=Console(file=getattr(sys.stderr, 'obeyed', sys.stderr)),
            transient=True,
            refresh_per_second=refresh_per_second,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._above = dict[str, _Above]()  # by stream name

    def start(self, refresh: bool = False) -> None:
        try:
            super().start(refresh)
        except RuntimeError:  # the system allows no more threads
            super().stop()
            return
        for name in ('stdout', 'stderr'):
            stream: Any = getattr(sys, name)
            if stream is not None and stream.isatty():  # else the stream does not write to the terminal
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
        """Return to the start of the line before anything is written.

        A terminal that got narrower has usually wrapped it into several rows; rich erases only the last row.
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
    """A standard stream while the line is shown: complete lines appear above the line."""

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
    """Draws the line's current state, not its state when it was set."""

    def __init__(self, line: LastLine) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._line.draw(options.max_width)
