"""The last line of a terminal, which is drawn anew as time goes on and as the terminal's width changes."""

import os
import sys
from collections.abc import Callable, Mapping

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult
from rich.control import Control
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import ControlType
from rich.text import Text

GAP = '  '
MARGIN = 5  # columns: for the cursor, and for ^C^C, which a terminal shows where it stands


def breaks_lines(environment: Mapping[str, str]) -> bool:
    """Whether the terminal breaks lines anew when it becomes narrower; xterm and GNU screen cut them off."""
    return 'TMUX' in environment or not ('XTERM_VERSION' in environment or 'STY' in environment)


class LastLine(Live):
    """Shows what ``line(columns)`` gives: words, the columns of a bar after the first of them, and its share.

    What is printed meanwhile appears above it.
    """

    def __init__(self, line: Callable[[int], tuple[list[str], int, float]], refresh_per_second: float = 10) -> None:
        self._line, self._drawn = line, 0  # columns of what stands there
        super().__init__(
            _Drawn(self),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=refresh_per_second,
            # prints pass through the display only where both are on the terminal
            redirect_stdout=sys.stdout.isatty(),
        )

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


class _Drawn:
    """The line as it is when it is drawn, not when it was set."""

    def __init__(self, line: LastLine) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._line.draw(options.max_width)
