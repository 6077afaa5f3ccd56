"""Reports in 80 columns, and the line at the bottom of a terminal: whole words, every width, no remains."""

import re
from contextlib import contextmanager

import numba
import pytest
from helpers import SONNETS, progress_record
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.commands.reports import _fast_line
from fastrnn.progress import bar as progress
from fastrnn.progress import terminal


def test_reports():
    assert _fast_line(progress_record()) == 'iter 5000  epoch 3.25  12.5 s  204,800/s  train 2.345  val 2.400 bits'
    assert _fast_line(progress_record(validation=None)) == 'iter 5000  epoch 3.25  12.5 s  204,800/s  train 2.345 bits'
    huge = progress_record(999_999_999, 9_999_999.0, 1.345, 12.345, epoch=999_999.0, characters=10**13)
    assert _fast_line(huge) == 'iter 1000000000  epoch 999999  9999999 s  1.00M/s  train 1.345  val 12.345 bits'


@given(
    iteration=st.integers(0, 10**10 - 2),
    epoch=st.floats(0, 999_999),
    seconds=st.floats(0, 9_999_999),
    speed=st.floats(0, 1e8),
    bits=st.tuples(st.floats(0, 99), st.floats(0, 99) | st.none()),
)
def test_reports_fit(iteration, epoch, seconds, speed, bits):
    line = _fast_line(
        progress_record(iteration, seconds, bits[0], bits[1], epoch=epoch, characters=int(speed * seconds))
    )
    assert len(line) <= 80
    numbers = re.findall(r'[\d.]+', line.replace(',', ''))
    assert int(numbers[0]) == iteration + 1 and f'{bits[0]:.3f}' in numbers


def line(columns, **facts):
    """As it would stand in a terminal; the bar as so many dashes."""
    shown = progress_record(**facts)
    words, bar = progress.fit(progress.parts_of(shown, shown.iteration, shown.validation), columns, shown.share > 0)
    return '  '.join([*words[:1], *(['-' * bar] if bar else []), *words[1:]])


def test_the_line():
    """From all words to few numbers."""
    parts = '204,800 characters/s  2.345 bits per character  validation 2.400, best 2.300  0:38 left'
    assert line(146) == f'iteration 4,999  {"-" * 40}  {parts}'
    assert line(114) == f'iteration 4,999  {"-" * 8}  {parts}'
    assert line(113) == f'4,999  {"-" * 40}  204,800/s  2.345 bits  val 2.400, best 2.300  0:38'
    assert line(75) == f'4,999  {"-" * 16}  204,800/s  2.345 bits  val 2.400, best 2.300  0:38'
    assert line(66) == '4,999  204,800/s  2.345 bits  val 2.400, best 2.300  0:38'
    assert line(56) == f'4,999  {"-" * 9}  204,800/s  2.345 bits  val 2.400  0:38'
    assert line(35) == '4,999  2.345 bits  val 2.400  0:38'
    assert line(30) == '4,999  2.345 bits  0:38'
    assert line(20) == '4,999  2.345 bits'
    assert line(9) == '4,999'
    assert line(4) == line(0) == ''
    assert (
        line(75, share=0.0, validation=None, best=None)
        == 'iteration 4,999  204,800 characters/s  2.345 bits per character'
    )
    assert line(35, iteration=1_234_567, seconds=44_640.0) == '1,234,567  2.345 bits  37:12:00'


@given(st.integers(0, 10**12), st.floats(1e-9, 1e7), st.floats(0, 1), st.booleans())
def test_whole_words_in_every_width(iteration, seconds, share, validated):
    """Never more than fits, each a form of another part; and the wider the terminal, the more of them."""
    facts = {'iteration': iteration, 'seconds': seconds, 'share': share, 'characters': iteration * 7}
    parts = progress.parts_of(progress_record(**facts), iteration, 2.4 if validated else None)
    before = 0
    for columns in range(160):
        words, bar = progress.fit(parts, columns, share > 0)
        assert len('  '.join([*words, *(['-' * bar] if bar else [])])) <= columns and bar in (0, *range(8, 41))
        assert [sum(word in forms for word in words) for forms in parts.values()].count(1) == len(words) >= before
        before = len(words)
    assert before == len(parts)


@pytest.mark.parametrize('engine', ['exact', 'fast'])
def test_the_line_is_that_of_the_report_above_it(cli, monkeypatch, engine):
    """It is told of a record before that is printed, by the number that is printed."""
    events = []

    @contextmanager
    def display(off, first):
        yield lambda record: events.append(f'iter {record.iteration + first}')

    monkeypatch.setattr(progress, 'display', display)
    monkeypatch.setattr('builtins.print', lambda text, **_: events.append(text))
    args = ('--hidden-size', 8, '--seq-length', 8, '--print-every', 40, '--sample-length', 0)
    args += ('--preset', 'fast') if engine == 'fast' else ()
    assert cli('train', SONNETS, *args, '--iterations', 120, '--seed', 0)[0] == 0
    found = [k for k, event in enumerate(events) if re.match('iter .*loss|iter .*epoch', event)]
    assert len(found) == (4 if engine == 'exact' else 3)
    for k in found[:3]:
        shown = next(event for event in reversed(events[:k]) if re.fullmatch(r'iter \d+', event))
        assert re.split('[, ]', events[k])[1] == shown.split()[1]


def test_no_remains_in_a_terminal_that_is_resized(terminal_of):
    """Whatever comes first after it, a print or the clock; the line shows what was told before the print."""
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
    """A terminal shows ^C where the cursor stands; twice is once more than it takes."""
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


def test_what_is_waited_for(monkeypatch):
    """Compiling, with its seconds, before the first record and later; then the record."""
    now, compiled = [100.0], []
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    status = progress.Status(0, compiled)
    assert status.line(75) == (['starting: 0 s'], 0, 0.0)
    now[0], compiled[:] = 103.2, ['a start of compiling']
    assert status.line(75)[0] == ['compiling, as a first run does: 3 s']
    now[0] = 105.6
    assert status.line(20)[0] == ['compiling: 6 s'] and status.line(12)[0] == ['compiling'] and not status.line(3)[0]
    status.show(progress_record())
    assert status.line(20)[0] == ['4,999', '2.345 bits']
    now[0] = 112.0
    assert status.line(20)[0] == ['4,999', '2.345 bits']
    status.show(progress_record())
    compiled.append('a start of compiling')
    assert status.line(20)[0] == ['4,999', '2.345 bits']
    now[0] = 114.0
    assert status.line(20)[0] == ['compiling: 2 s']
    status.show(progress_record(validation=None, best=2.3))
    assert status.line(40)[0] == ['4,999', '2.345 bits', 'val 2.400', '0:38']


def test_compiling_is_noticed(terminal_of):
    screen = terminal_of(80)
    with progress.display() as show:
        numba.njit(lambda x: x + 1)(1)
        assert 'compiling' in show.__self__.line(75)[0][0]
    assert screen.shown() == []
