"""Texts, models and file names can't control a terminal, and no line of a sample is lost."""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import some_model
from screens import Pty, Screen, Terminal

from fastrnn.model.checkpoint import save_model
from fastrnn.progress.terminal import LastLine
from fastrnn.system import escapes

HOSTILE = '\x1b]0;taken\x07\x1b[2J\x9b2J\x7f\x08\u202eturned\u202c \u2066\u2069\x85'
HARMLESS = 'naïve 日本 \U0001f600 \u200d\u200c\u200b\ufeff\t|'
OWN = re.compile(r'\x1b\[[?\d;]*[a-zA-Z]|\r')  # of a progress display; line end


@pytest.mark.parametrize(
    ('text', 'seen'),
    [
        (HARMLESS, HARMLESS),
        (HOSTILE, r'\x1b]0;taken\x07\x1b[2J\x9b2J\x7f\x08\u202eturned\u202c \u2066\u2069\x85'),
        ('one\r\ntwo\r\r\nthree\rfour\r', 'one\ntwo\\r\nthree\\rfour'),
        ('\udc9b2J', r'\udc9b2J'),
    ],
)
def test_escaped_texts(text, seen):
    """In pieces of any size; a carriage return waits for the next character."""
    for size in (1, 2, len(text)):
        terminal = Terminal()
        stream = escapes.Shown(terminal)
        stream.writelines(text[at : at + size] for at in range(0, len(text), size))
        assert terminal.getvalue() == seen
    assert stream.write('\x07') == 1 and terminal.getvalue() in (f'{seen}\\x07', f'{seen}\\r\\x07')


@given(st.text(st.characters(exclude_categories=['Cs'])))
def test_any_text(text):
    """No control characters remain, and nothing else changes."""
    seen = escapes.shown(text)
    assert not escapes.OBEYED.search(seen) and escapes.shown(seen) == seen
    plain = re.sub(r'[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', '', text)
    assert plain == text or seen != text
    assert plain != text or seen == text


def test_pipes_and_files_get_every_byte(monkeypatch, capfd):
    before = sys.stdout
    escapes.escape_what_cannot_be_shown()
    assert sys.stdout is before
    print(HOSTILE, end='')
    assert capfd.readouterr().out == HOSTILE


@pytest.fixture(scope='module')
def hostile(tmp_path_factory):
    """A model of bytes that has learned control characters, and its text, in a folder with a hostile name."""
    folder = tmp_path_factory.mktemp('hostile') / 'a\x1b[2J\x07b'
    folder.mkdir()
    chars = ''.join(map(chr, [7, 10, 13, 27, *b'[2J]0;', 0x9B, *b'abc']))
    save_model(folder / 'model', some_model(chars=chars, dtype='float32', H=4, unit='byte'))
    (folder / 'text').write_bytes(b'abc[2J]0;\x07\x1b\x9b\r\n' * 20)
    return folder


TRAIN = ('--unit', 'byte', '--hidden-size', 4, '--seed', 0, '--iterations', 3, '--sample-every', 1)


@pytest.mark.parametrize(
    'args',
    [
        ('train', 'TEXT', *TRAIN),
        ('train', 'TEXT', *TRAIN, '--preset', 'fast', '--sample-length', 300),
        ('sample', 'MODEL', '--length', 300, '--seed', 0),
        ('score', 'MODEL', 'TEXT'),
        ('export', 'MODEL', '--html', 'PAGE'),
        ('eval', 'MODEL', 'NOWHERE'),
        ('sample', 'MODEL', '--\x1b[2J\x07'),
    ],
)
def test_commands(cli, monkeypatch, hostile, args):
    """A terminal gets the text of a pipe with escapes. Only the display's own control sequences remain."""
    places = {'TEXT': 'text', 'MODEL': 'model', 'PAGE': 'page.html', 'NOWHERE': 'nowhere'}
    args = [hostile / places[arg] if arg in places else arg for arg in args]
    plain = cli(*args)
    with Pty(monkeypatch) as terminal:
        code, *_ = cli(*args)
    screen = Screen(1000)
    screen.write(terminal.data.decode())
    assert code == plain[0] and not escapes.OBEYED.search(OWN.sub('', terminal.data.decode()))
    lines = [line.rstrip() for line in escapes.shown(plain[1] + plain[2]).splitlines() if line.strip()]
    timed = re.compile(r'.* s  .*/s  |.* characters/s|memory ')
    assert [line for line in lines if line not in screen.shown() and not timed.match(line)] == []


def test_a_display_keeps_lines_unchanged(monkeypatch):
    """Whole lines appear above it, even if they are long or have control characters."""
    terminal = Terminal()
    for name in ('stdout', 'stderr'):
        monkeypatch.setattr(sys, name, terminal)
    escapes.escape_what_cannot_be_shown()
    with LastLine(lambda columns: (['the line'], 0, 0.0), refresh_per_second=1e-4):
        print('[red]a\r\nb\rc ' + 'word ' * 60 + '\x1b[2J ')
        print('in parts', end='', flush=True)
        print(' of a line')
        print('the rest', end='', file=sys.stderr)
    written = re.sub('(the line)?\r\x1b\\[2K', '', terminal.getvalue())
    assert f'[red]a\nb\\rc {"word " * 60}\\x1b[2J \n' in written and 'in parts of a line\n' in written.replace(
        'the line\r', ''
    )
    assert written.endswith('the rest') and '\x1b[2J' not in written


def test_python_output_stays(monkeypatch):
    """Only the command line escapes: a program may print colours."""
    terminal = Terminal()
    for name in ('stdout', 'stderr'):
        monkeypatch.setattr(sys, name, terminal)
    with LastLine(lambda columns: (['the line'], 0, 0.0), refresh_per_second=1e-4):
        print('\x1b[31mred\x1b[0m')
    assert '\x1b[31mred\x1b[0m\n' in terminal.getvalue()
