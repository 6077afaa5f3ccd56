"""``fastrnn train`` as the gist: the reference's output byte for byte, and a clean exit however a run ends."""

import re
import sys

import pytest
from helpers import SONNETS, run_python
from screens import Terminal

from fastrnn import reference
from fastrnn.commands.flow import NOT_KEPT

OPTIONS = ['--hidden-size', 13, '--seq-length', 7, '--learning-rate', 0.2, '--sample-every', 30]
OPTIONS += ['--sample-length', 40, '--print-every', 20, '--seed', 5, '--iterations', 95]


@pytest.fixture
def printed_by_reference(monkeypatch, capfd):
    """The output of ``python -m fastrnn.reference``."""

    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['reference.py', *map(str, args)])
        reference.main()
        return capfd.readouterr().out

    return call


def test_the_same_bytes_as_the_reference():
    """Each in its own process, with the defaults."""
    args = [SONNETS, '--seed', 1, '--iterations', 250]
    expected = run_python('-m', 'fastrnn.reference', *args)
    run = run_python('-m', 'fastrnn', 'train', *args)
    assert run.returncode == expected.returncode == 0
    assert re.fullmatch(rb'.*\niter 249, loss: \d+\.\d{6}\n', run.stderr)
    assert run.stdout == expected.stdout and run.stdout.count(b'\niter ') == 3


@pytest.mark.parametrize('engine', ['exact', 'reference'])
def test_engines(cli, printed_by_reference, engine):
    expected = printed_by_reference(SONNETS, *OPTIONS)
    code, out, err = cli('train', SONNETS, *OPTIONS, '--engine', engine)
    assert code == 0
    assert out == expected and 'iter 80, loss: ' in out
    last = printed_by_reference(SONNETS, *OPTIONS, '--print-every', 94).splitlines()[-1]
    assert err == f'{NOT_KEPT}\n{last}\n' and last.startswith('iter 94, loss: ')


def test_threads_option(cli, printed_by_reference):
    args = [SONNETS, '--seed', 2, '--iterations', 60, '--hidden-size', 32, '--print-every', 5]
    assert cli('train', *args, '--threads', 2)[:2] == (0, printed_by_reference(*args))


@pytest.mark.parametrize(
    'data',
    [
        'Ὅμηρος\r\n日本語\rmixed\n\n'.encode() * 9,
        b'\xef\xbb\xbfa byte order mark is a character ' * 3,
        'nul \0 and \x85 and \x1c and \u2028 '.encode() * 9,
    ],
)
def test_files(cli, printed_by_reference, tmp_path, data):
    """Line ends and byte-order marks are read as ``open`` reads them."""
    path = tmp_path / 'text'
    path.write_bytes(data)
    expected = printed_by_reference(path, *OPTIONS)
    assert cli('train', path, *OPTIONS)[:2] == (0, expected)


def test_encodings(cli, printed_by_reference, tmp_path):
    path = tmp_path / 'text'
    path.write_bytes('Üb’ immer Treu und Redlichkeit\n'.encode('utf-16') * 2)
    args = [path, *OPTIONS, '--encoding', 'utf-16']
    assert cli('train', *args)[:2] == (0, printed_by_reference(*args))


def test_divergence(cli, capfd, monkeypatch):
    """The gist's output until then, one warning, one error, and exit code 3."""
    args = ['--seed', '0', '--learning-rate', '1000', '--sample-every', '30', '--print-every', '1']
    monkeypatch.setattr(sys, 'argv', ['reference.py', str(SONNETS), *args])
    with pytest.raises(ValueError, match='probabilities contain NaN'), pytest.warns(RuntimeWarning):
        reference.main()
    expected = capfd.readouterr().out
    code, out, err = cli('train', SONNETS, *args)
    assert code == 3 and out == expected
    note, warning, error, end = err.split('\n')
    assert note == NOT_KEPT
    assert warning == 'warning: the loss is inf or NaN from iteration 1 on'
    assert error == 'error: probabilities contain NaN: the training has diverged, take a smaller learning rate'
    assert end == ''


def test_progress_on_a_terminal(cli, monkeypatch):
    """On standard error only."""
    plain = cli('train', SONNETS, *OPTIONS)
    terminal = Terminal()
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '160')
    monkeypatch.setattr(sys, 'stderr', terminal)
    assert cli('train', SONNETS, *OPTIONS)[:2] == plain[:2]
    for words in ('iteration 94', 'characters/s', 'bits per character'):
        assert words in terminal.getvalue()
