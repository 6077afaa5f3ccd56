"""``fastrnn sample --interactive``: lines of a pipe, and a real terminal."""

import fcntl
import io
import os
import pty
import select
import signal
import struct
import sys
import termios
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import ROOT
from models import some_model

import fastrnn
from fastrnn.commands.interactive import _continue, _typed
from fastrnn.engines.exact_stream import ExactStream
from fastrnn.inference.dialogue import Dialogue
from fastrnn.model.checkpoint import save_model

CHARS = '\nabcdefghijklmé日'


@pytest.fixture
def model(tmp_path):
    save_model(tmp_path / 'model', some_model(chars=CHARS))
    return tmp_path / 'model'


@pytest.fixture
def piped(cli, model, monkeypatch):
    def call(data, *options):
        monkeypatch.setattr(sys, 'stdin', SimpleNamespace(buffer=io.BytesIO(data)))
        return cli('sample', model, '--interactive', '--seed', 3, *options)

    return call


def turns(model, texts, length, prime='', **more):
    """What a dialogue writes after each text."""
    dialogue = Dialogue(fastrnn.load_model(model), length, seed=3, **more)
    if prime:
        dialogue.read(prime)
    found = []
    for text in texts:
        dialogue.read(text)
        found.append(''.join(dialogue.write()))
    dialogue.close()
    return found


def test_each_line_is_continued(piped, model):
    """The first as ``sample`` would; the next in the state that it left; an empty one goes on."""
    code, out, err = piped(b'ab\n\nc\xc3\xa9', '--length', 50)
    expected = turns(model, ['ab', '', 'cé'], 50)
    assert (code, out, err) == (0, ''.join(f'{text}\n' for text in expected), '')
    whole = ''.join(fastrnn.sample(fastrnn.load_model(model), 100, seed=3, prime='ab'))
    assert expected[0] + expected[1] == whole


def test_the_state_is_that_of_the_whole_text(model):
    """What was read and written so far is what a stream would have read; with --until that string, too."""
    loaded = fastrnn.load_model(model)
    first, second = turns(model, ['ab', 'cd'], 300, until='e')
    rng = np.random.RandomState(3)
    rng.random_sample(len(first) + 1)
    again = Dialogue(loaded, 300, until='e')
    again._rng = rng
    again.read(f'ab{first}ecd')
    assert ''.join(again.write()) == second
    assert 'e' not in first + second


@pytest.mark.parametrize('cell', ['gru', 'lstm'])
def test_other_cells(tmp_path, cell):
    save_model(tmp_path / 'm', some_model(chars=CHARS, cell=cell, layers=2, ngrams=3, ngram_rows=64))
    first, second = turns(tmp_path / 'm', ['ab', ''], 40)
    assert first + second == ''.join(fastrnn.sample(fastrnn.load_model(tmp_path / 'm'), 80, seed=3, prime='ab'))


def test_bytes(tmp_path):
    """A character that a turn leaves open is shown as U+FFFD."""
    save_model(tmp_path / 'm', some_model(chars=''.join(map(chr, [10, 97, 0xC3, 0xA9])), unit='byte'))
    found = turns(tmp_path / 'm', [''] * 60, 1)
    data = ''.join(fastrnn.sample(fastrnn.load_model(tmp_path / 'm'), 60, seed=3))
    assert 'é' in data and '\ufffd' in found and all(len(text) == 1 for text in found)


def test_a_prime_comes_before_the_first_line(piped, model):
    assert piped(b'c\n', '--length', 20, '--prime', 'ab\\n')[1] == turns(model, ['c'], 20, prime='ab\n')[0] + '\n'


def test_lines_in_and_lines_out(piped, model):
    out = piped(b'ab\\n\ncd\n', '--until', '\\n')[1]
    assert out == ''.join(f'{text}\n' for text in turns(model, ['ab\n', 'cd'], 500, until='\n'))
    assert out.count('\n') == 2


def test_invalid_lines_change_nothing(piped, model):
    """One line each; the state stays."""
    code, out, err = piped('ab\nxé\n\\q\n\nXY\n'.encode(), '--length', 20)
    assert (code, out) == (0, ''.join(f'{text}\n' for text in turns(model, ['ab', ''], 20)))
    lines = err.splitlines()
    assert len(lines) == 3 and all(line.startswith('error: ') for line in lines)
    assert '1 of 2 characters (50.0 %) is not in the vocabulary of 16' in lines[0]
    assert r'\q is not an escape' in lines[1]


def test_unknown_characters_are_skipped(piped, model):
    code, out, err = piped(b'aXb\nX\n', '--length', 20, '--skip-unknown')
    assert (code, out) == (0, ''.join(f'{text}\n' for text in turns(model, ['ab', ''], 20)))
    assert [line.startswith('left out: 1 of ') for line in err.splitlines()] == [True, True]


def test_an_interrupt_shows_what_was_held_back(piped, model, monkeypatch):
    """A start of the text to stop at is in the state: so it is shown, when no more comes."""
    [whole] = turns(model, ['ab'], 30)
    draw, steps = ExactStream.draw, []

    def interrupted(self, rng, length, *more):
        steps.append(length)
        if sum(steps) > 5:
            raise KeyboardInterrupt
        return draw(self, rng, length, *more)

    monkeypatch.setattr(ExactStream, 'draw', interrupted)
    code, out, _ = piped(b'ab\n', '--until', whole[3:9].replace('\n', '\\n'))
    assert (code, out) == (130, whole[:5])


def test_bad_bytes(piped):
    code, out, err = piped(b'ab\xff\n', '--length', 5)
    assert (code, out) == (2, '') and err.count('\n') == 1
    assert err.startswith('error: standard input: ') and 'name its encoding with --encoding' in err
    assert 'line 1: ' in err
    assert piped('é\n'.encode('latin-1'), '--length', 0, '--encoding', 'latin-1') == (0, '\n', '')


def test_lines_before_bad_bytes_are_continued(piped, model):
    """Whatever comes in one read, lines are decoded one by one."""
    code, out, err = piped(b'ab\r\nc\n\xff\nd\n', '--length', 5)
    assert (code, out) == (2, ''.join(f'{text}\n' for text in turns(model, ['ab', 'c'], 5)))
    assert err.startswith('error: standard input: line 3: ') and err.count('\n') == 1


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-16-le', 'utf-8-sig'])
def test_lines_of_other_encodings(piped, model, monkeypatch, encoding):
    """Also where a read ends inside a character or between \\r and \\n."""
    expected = ''.join(f'{text}\n' for text in turns(model, ['ab', 'é', '', 'c'], 5))
    for size in (1, 3, 1 << 20):
        monkeypatch.setattr('fastrnn.commands.interactive.CHUNK', size)
        data = 'ab\r\né\n\rc'.encode(encoding)
        assert piped(data, '--length', 5, '--encoding', encoding) == (0, expected, '')


def test_an_unknown_encoding(piped):
    code, out, err = piped(b'ab\n', '--encoding', 'klingon')
    assert (code, out) == (2, '') and err.startswith("error: encoding 'klingon' is not known") and err.count('\n') == 1


def test_unknown_characters_are_not_called_a_prime(piped):
    err = piped(b'X\n', '--length', 5)[2]
    assert 'remove them from the line, or leave them out with --skip-unknown' in err and 'prime' not in err
    assert 'remove them from the prime, or leave' in piped(b'', '--prime', 'X')[2]


def test_an_interrupt_while_a_line_is_read(model, monkeypatch, capsys):
    """A long line is pasted: Ctrl-C leaves what was read, and shows the prompt again."""
    read, calls = ExactStream.read, []

    def interrupted(self, ids):
        calls.append(ids)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        read(self, ids)

    monkeypatch.setattr(ExactStream, 'read', interrupted)
    dialogue = Dialogue(fastrnn.load_model(model), 5, seed=3)
    _continue(dialogue, iter(['ab' * 100, 'c']), keyboard=True)
    first, second = capsys.readouterr().out.split('\n', 1)
    assert first == '' and len(second) == 6
    with pytest.raises(KeyboardInterrupt):
        calls.clear()
        _continue(dialogue, iter(['ab' * 100, 'c']), keyboard=False)


class Child:
    """The command in its own terminal."""

    def __init__(self, columns, *args):
        self.seen = b''
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.environ.update(TERM='dumb', PYTHONUTF8='1')
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, '-m', 'fastrnn', 'sample', *map(str, args)])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))

    def type(self, data):
        os.write(self._terminal, data)

    def wait(self, words):
        """Until they have come, after what was waited for before; returns what was before them."""
        while words not in self.seen:
            assert select.select([self._terminal], [], [], 60)[0], self.seen
            self.seen += os.read(self._terminal, 4096)
        before, _, self.seen = self.seen.partition(words)
        return before.decode()

    def says_more(self, seconds=0.1):
        return select.select([self._terminal], [], [], seconds)[0]

    def code(self):
        _, status = os.waitpid(self.pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize('columns', [80, 50])
def test_a_terminal(model, columns):
    """The hint fits; each line has a prompt; Ctrl-D quits."""
    child = Child(columns, model, '--interactive', '--seed', 3, '--length', 30)
    hint = child.wait(b'\r\n')
    assert hint == 'Enter: continue; Ctrl-C: stop text; Ctrl-D: quit' and len(hint) <= 50
    expected = turns(model, ['ab', ''], 30)
    for typed, text in zip(('ab', ''), expected, strict=True):
        child.wait(b'> ')
        child.type(f'{typed}\n'.encode())
        child.wait(f'{typed}\r\n'.encode())
        child.wait(text.replace('\n', '\r\n').encode() + b'\r\n')
    child.wait(b'> ')
    child.type(b'\x04')
    assert child.code() == 0


def test_interrupts_in_a_terminal(model):
    """Ctrl-C ends a text, as often as one likes; at the prompt it ends the command."""
    child = Child(80, model, '--interactive', '--seed', 3, '--length', 10**9)
    for _ in range(3):
        child.wait(b'> ')
        child.type(b'ab\n')
        child.wait(b'\r\n')
        child.wait(b'a')
        child.type(b'\x03')
    child.wait(b'> ')
    child.type(b'\x03')
    while not child.says_more():  # a signal between the prompt and the system call that waits is seen at the next one
        child.type(b'\x03')
    assert child.code() == 130


def test_an_interrupt_clears_the_typed_line(model):
    """As in a shell: what was typed is not read, and the next line is."""
    child = Child(80, model, '--interactive', '--seed', 3, '--length', 30)
    child.wait(b'> ')
    child.type(b'cde')
    child.wait(b'cde')
    child.type(b'\x03')
    while not child.says_more(2):  # as above
        child.type(b'\x03')
    child.wait(b'> ')
    child.type(b'ab\n')
    child.wait(b'ab\r\n')
    child.wait(turns(model, ['ab'], 30)[0].replace('\n', '\r\n').encode() + b'\r\n')
    child.wait(b'> ')
    child.type(b'\x04')
    assert child.code() == 0


def test_an_interrupt_at_an_empty_prompt_ends(monkeypatch):
    """Only there; without readline nobody knows what was typed, so each one ends."""
    typed = iter(['cde', ''])
    monkeypatch.setattr(sys, 'stdout', SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr('builtins.input', lambda prompt: signal.raise_signal(signal.SIGINT))
    for module, left in ((SimpleNamespace(get_line_buffer=lambda: next(typed)), 0), (None, 0)):
        monkeypatch.setitem(sys.modules, 'readline', module)
        with pytest.raises(KeyboardInterrupt):
            next(_typed())
        assert len(list(typed)) == left
