"""A terminal's last line leaves nothing behind."""

import re

from helpers import progress_record

from fastrnn.progress import bar as progress
from fastrnn.progress import terminal


def test_a_resized_terminal_has_no_remains(terminal_of):
    """After a print or a redraw; the line shows what was set before the print."""
    screen, status = terminal_of(80), progress.Status(1, [])
    with terminal.LastLine(status.line, refresh_per_second=1e-4) as shown:
        for step, columns in enumerate((80, 40, 33, 200, 20, 80, 60, 35, 120)):
            screen.resize(columns)
            shown.console.width, shown.console.height = columns, 24
            if step % 3 == 0:
                shown.refresh()
            status.show(progress_record(iteration=step))
            if step % 3 != 1:
                print(f'report {step + 1}')
            else:
                shown.refresh()
            words, bar, _ = status.line(columns - terminal.MARGIN)
            last = screen.shown()[-1]
            assert re.sub(r'\s*━+|╸|╺', '', last).split() == ' '.join(words).split() and ('━' in last) == bool(bar)
            assert words[0] in (f'iteration {step + 1}', f'{step + 1}')
            reports = [f'report {k + 1}' for k in range(step + 1) if k % 3 != 1]
            assert screen.shown()[:-1] == reports
    assert screen.shown() == reports


def test_typed_control_c_does_not_break_the_line(terminal_of):
    """A terminal shows ^C at the cursor; there is room for two, one more than needed."""
    screen, status = terminal_of(80), progress.Status(0, [])
    status.show(progress_record())
    with terminal.LastLine(status.line, refresh_per_second=1e-4) as shown:
        shown.console.width, shown.console.height = 80, 24
        shown.refresh()
        screen.write('^C^C')
    assert screen.shown() == []


def test_terminals_that_do_not_break_lines():
    for environment, breaks in (
        ({}, True),
        ({'XTERM_VERSION': 'XTerm(390)'}, False),
        ({'STY': '1.pts-0'}, False),
        ({'XTERM_VERSION': 'XTerm(390)', 'TMUX': '/tmp/tmux-0/default'}, True),
    ):
        assert terminal.breaks_lines(environment) is breaks
