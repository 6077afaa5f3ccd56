"""The progress line: whole words in every width, and what the command is waiting for."""

import numba
from helpers import progress_record
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.progress import bar as progress


def line(columns, **facts):
    """The line as a terminal shows it, with the bar as dashes."""
    shown = progress_record(**facts)
    words, bar = progress.fit(progress.parts_of(shown, shown.iteration, shown.validation), columns, shown.share > 0)
    return '  '.join([*words[:1], *(['-' * bar] if bar else []), *words[1:]])


def test_the_line():
    """From all words to a few numbers."""
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
    """Never more words than fit, each from a different part; a wider terminal shows more of them."""
    facts = {'iteration': iteration, 'seconds': seconds, 'share': share, 'characters': iteration * 7}
    parts = progress.parts_of(progress_record(**facts), iteration, 2.4 if validated else None)
    before = 0
    for columns in range(160):
        words, bar = progress.fit(parts, columns, share > 0)
        assert len('  '.join([*words, *(['-' * bar] if bar else [])])) <= columns and bar in (0, *range(8, 41))
        assert [sum(word in forms for word in words) for forms in parts.values()].count(1) == len(words) >= before
        before = len(words)
    assert before == len(parts)


def test_waiting_is_shown(monkeypatch):
    """Compiling, with its seconds, before the first record and later; then the record."""
    now, compiled = [100.0], []
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    signals = []
    status = progress.Status(0, compiled, signals)
    assert status.line(75) == (['starting (0 s so far)'], 0, 0.0)
    now[0], compiled[:] = 103.2, ['a start of compiling']
    assert status.line(75)[0] == ['compiling kernels (first run only): 3 s']
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
    signals.append(2)  # the run stops
    assert status.line(75)[0] == ['stopping after this step; Ctrl-C again stops immediately']
    assert status.line(35)[0] == ['stopping; Ctrl-C again: immediately'] and status.line(9)[0] == ['stopping']


def test_compiling_is_shown(terminal_of):
    screen = terminal_of(80)
    with progress.display() as show:
        numba.njit(lambda x: x + 1)(1)
        assert 'compiling' in show.__self__.line(75)[0][0]
    assert screen.shown() == []


def test_the_share_of_work_of_known_size(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    status = progress.Share('reading the text', 'evaluated')
    now[0] = 103.2
    assert status.line(75) == (['reading the text (3 s so far)'], 0, 0.0) and status.line(17)[0] == ['reading the text']
    status.show(0.001)
    now[0] = 113.2
    status.show(0.25)
    assert status.line(75) == (['evaluated 25%', '0:30 left'], 40, 0.25)
    assert status.line(12) == (['25%', '0:30'], 0, 0.25) and status.line(3)[0] == ['25%']


def test_it_is_shown_on_a_terminal_only(terminal_of):
    screen = terminal_of(80)
    with progress.share_display('reading', 'read') as show:
        show(0.5)
        assert show.__self__.line(75)[0][0] == 'read 50%'
    assert screen.shown() == []
    with progress.share_display('reading', 'read', off=True) as show:
        show(0.5)
    assert screen.shown() == []
