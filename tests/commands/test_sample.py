"""``fastrnn sample``: what is printed and when, primes from anywhere, and what is refused."""

import gzip
import io
import json
import math
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import start_python

import fastrnn
from fastrnn.cli import main
from fastrnn.model.architecture import Architecture
from fastrnn.model.checkpoint import save_model
from fastrnn.model.init import scaled
from fastrnn.model.model import Model

CHARS = '\n abcdefghijklmé日\U0001f600\ud800'


def make(path, chars=CHARS, unit='character', sharp=1.0):
    params = scaled(Architecture('rnn', 1, 24, len(chars)), np.random.RandomState(0))
    params.flat *= sharp
    save_model(path, Model(params, chars, unit))
    return path


@pytest.fixture
def model(tmp_path):
    return make(tmp_path / 'model')


@pytest.fixture
def stdin(monkeypatch):
    def call(data):
        monkeypatch.setattr(sys, 'stdin', SimpleNamespace(buffer=io.BytesIO(data)))

    return call


def drawn(model, length, **options):
    return ''.join(fastrnn.sample(fastrnn.load_model(model), length, **options))


def test_the_prime_then_the_text(cli, model):
    code, out, err = cli('sample', model, '--seed', 3, '--prime', 'acefe日', '--length', 90)
    expected = drawn(model, 90, prime='acefe日', seed=3)
    assert '\U0001f600' in expected and '\ud800' in expected
    assert (code, err) == (0, '')
    assert out == 'acefe日' + expected.replace('\ud800', '\ufffd') + '\n'


def test_every_rule_reaches_the_library(cli, model):
    rules = {'temperature': 0.7, 'top_k': 9, 'top_p': 0.8, 'seed': 2}
    options = [part for name, value in rules.items() for part in ('--' + name.replace('_', '-'), value)]
    assert (
        cli('sample', model, *options, '--json')[1]
        == json.dumps({'sample': drawn(model, 500, **rules), 'prime': '', **rules}) + '\n'
    )
    texts = fastrnn.samples(fastrnn.load_model(model), 3, 20, prime='ab', **rules)
    code, out, _ = cli('sample', model, *options, '--count', 3, '--json', '--prime', 'ab', '--length', 20)
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {'sample': text, 'prime': 'ab', **rules} for text in texts
    ]


def test_many(cli, model):
    texts = list(fastrnn.samples(fastrnn.load_model(model), 3, 30, prime='ab', seed=1, top_k=12))
    out = cli('sample', model, '--count', 3, '--seed', 1, '--prime', 'ab', '--length', 30, '--top-k', 12)[1]
    assert out.replace('\ufffd', '\ud800') == ''.join(f'ab{text}\n' for text in texts).replace('\nab', '\n----\nab')


@pytest.mark.parametrize('count', [1, 2])
def test_no_length_prints_the_prime(cli, model, count):
    out = '----\n'.join(['abé\n'] * count)
    assert cli('sample', model, '--length', 0, '--prime', 'abé', '--count', count) == (0, out, '')


def test_primes_from_files(cli, model, stdin, tmp_path):
    """gzip, another encoding, standard input, newlines of all kinds; an empty one is none."""
    path, options = tmp_path / 'prime', ('--seed', 0, '--length', 40)
    expected = cli('sample', model, '--prime', 'abc\né\n', *options)
    assert expected[0] == 0
    path.write_bytes(gzip.compress('abc\r\né\r'.encode()))
    assert cli('sample', model, '--prime-file', path, *options) == expected
    path.write_bytes('abc\né\n'.encode('latin-1'))
    assert cli('sample', model, '--prime-file', path, '--encoding', 'latin-1', *options) == expected
    stdin('abc\r\né\r'.encode('utf-16'))
    assert cli('sample', model, '--prime-file', '-', '--encoding', 'utf-16', *options) == expected
    path.write_bytes(b'')
    stdin(b'')
    none = cli('sample', model, *options)
    assert none[0] == 0
    for empty in (('--prime', ''), ('--prime-file', path), ('--prime-file', '-')):
        assert cli('sample', model, *empty, *options) == none


def test_without_a_newline_the_first_character_starts(tmp_path):
    make(tmp_path / 'm', 'xyz')
    assert drawn(tmp_path / 'm', 50, seed=0) == drawn(tmp_path / 'm', 50, prime='x', seed=0)
    make(tmp_path / 'n', 'a\nb')
    assert drawn(tmp_path / 'n', 50, seed=0) == drawn(tmp_path / 'n', 50, prime='\n', seed=0)


def test_bytes(cli, tmp_path):
    """Primes are UTF-8; so is what comes out, also where a character is cut by the end of a piece."""
    path = make(tmp_path / 'bytes', ''.join(map(chr, [10, 97, 0xC3, 0xA9, 0xAF, 0xFF])), 'byte')
    texts = list(fastrnn.samples(fastrnn.load_model(path), 4, 300, prime='éa', seed=0))
    assert all('é' in text and '\ufffd' in text and len(text) < 300 for text in texts)
    code, out, _ = cli('sample', path, '--prime', 'éa', '--seed', 0, '--length', 300)
    assert (code, out) == (0, 'éa' + drawn(path, 300, prime='éa', seed=0) + '\n')
    code, _, err = cli('sample', path, '--prime', 'aï日日')
    assert (
        code == 2 and '6 of 9 bytes (66.7 %) are not in the vocabulary of 6' in err and 'they are 0xe6 2 times, ' in err
    )


def test_pieces_of_bytes_join(tmp_path, monkeypatch):
    chars = ''.join(map(chr, [10, 97, 0xC3, 0xA9]))
    path, same = make(tmp_path / 'bytes', chars, 'byte'), make(tmp_path / 'characters', chars)
    expected = drawn(path, 200, seed=0)
    assert 'é' in expected
    data = drawn(same, 200, seed=0).encode('latin-1')
    for length in range(20):  # also what the last byte leaves open
        assert drawn(path, length, seed=0) == data[:length].decode('utf-8', 'replace')
    monkeypatch.setattr('fastrnn.inference.texts.FIRST_PIECE', 1)
    monkeypatch.setattr('fastrnn.inference.texts.PIECE', 0)
    assert drawn(path, 200, seed=0) == expected


def test_unknown_characters_are_named(cli, model, tmp_path):
    """With counts; U+FFFD takes them where the vocabulary has it."""
    code, out, err = cli('sample', model, '--prime', 'aXbX\U0001f4a9\x85')
    assert (code, out) == (2, '')
    names = 'X (U+0058) 2 times, \U0001f4a9 (U+1F4A9), \\x85 (U+0085)'
    cure = 'remove them from the prime, or leave them out with --skip-unknown (skip_unknown=True); '
    cure += 'the first is at offset 1; they are'
    assert err == f'error: 4 of 6 characters (66.7 %) are not in the vocabulary of 19; {cure} {names}\n'
    make(tmp_path / 'folded', 'abc\ufffd')
    expected = drawn(tmp_path / 'folded', 60, prime='a\ufffdb\ufffd', seed=0)
    assert drawn(tmp_path / 'folded', 60, prime='aXbY', seed=0) == expected


def test_temperature_0(cli, model):
    """The same text each time, without a seed; many at once, too."""
    greedy = drawn(model, 60, top_k=1)
    for _ in range(2):
        code, out, err = cli('sample', model, '--temperature', 0, '--length', 60)
        assert (code, out, err) == (0, greedy.replace('\ud800', '\ufffd') + '\n', '')
    facts = json.loads(cli('sample', model, '--temperature', '0', '--length', 60, '--json')[1])
    assert (facts['sample'], facts['temperature']) == (greedy, 0.0)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('--temperature', -1), 'temperature is -1.0; it must be a number, 0 or more'),
        (('--temperature', 'nan'), 'temperature is nan; it must be a number, 0 or more'),
        (('--temperature', 'inf'), 'temperature is inf; it must be a number, 0 or more'),
        (('--top-k', 0), 'top_k is 0; it must be a whole number, 1 or more'),
        (('--top-p', 0), 'top_p is 0.0; it must be a number above 0, up to 1'),
        (('--top-p', 1.01), 'top_p is 1.01; it must be a number above 0, up to 1'),
        (('--top-p', 'nan'), 'top_p is nan; it must be a number above 0, up to 1'),
        (('--length', -1), 'length is -1; it must be a whole number, 0 or more'),
        (
            ('--length', 2**26 + 1, '--count', 2),
            'length is 67108865; for samples generated together it must be 67,108,864',
        ),
        (('--count', 0), 'count is 0; it must be a whole number, 1 or more'),
        (('--seed', -1), 'seed is -1; it must be a whole number, from 0 to 4294967295'),
        (('--seed', 2**32, '--count', 2), 'seed is 4294967296; it must be'),
        (('--prime', 'a', '--prime-file', '-'), 'both --prime and --prime-file are given: use one'),
        (('--prime-file', 'nowhere'), 'nowhere: No such file or directory; name a text file that can be read'),
        (('--prime-file', '-', '--encoding', 'klingon'), "encoding 'klingon' is not known"),
        (('--prime-file', '-'), 'standard input: byte 0xff at offset 3 is not utf-8; name the'),
        (('--prime-file', '-', '--encoding', 'utf-32'), 'standard input: byte 0x61 at offset 0 is not utf-32'),
        (('--length', 'x'), "'--length'"),
    ],
)
def test_refused(cli, model, stdin, options, words):
    stdin(b'abc\xff')
    code, out, err = cli('sample', model, *options)
    assert (code, out) == (2, '')
    assert err.startswith('error: ') and err.count('\n') == 1
    assert words in err


@pytest.mark.parametrize('name', ['temperature', 'top_k', 'top_p', 'count', 'threads', 'seed'])
@pytest.mark.parametrize('value', ['1', True, math.nan])
def test_refused_by_the_library(model, name, value):
    """At once, not when the first piece is asked for."""
    with pytest.raises(ValueError, match=f'^{name} is {value}; it must be a '):
        fastrnn.samples(fastrnn.load_model(model), **{'count': 2, 'length': 5, name: value})
    with pytest.raises(ValueError, match=r'^length is None; it must be a whole number'):
        fastrnn.sample(fastrnn.load_model(model), None)


def test_streamed(model):
    """Pieces arrive while a sample that would take hours is drawn; Ctrl-C ends it, quietly, with 130."""
    run = start_python('-m', 'fastrnn', 'sample', model, '--length', 10**11, '--prime', 'abba', PYTHONUTF8='1')
    assert run.stdout.read(2000).startswith(b'abba')
    assert run.poll() is None
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert (run.returncode, err) == (130, b'')


def test_every_piece_is_shown_at_once(model, monkeypatch):
    """Also one that is too short to fill a buffer."""
    shown = []

    class Terminal(io.StringIO):
        def flush(self):
            shown.append(self.getvalue())

    monkeypatch.setattr('fastrnn.inference.texts.FIRST_PIECE', 1)
    monkeypatch.setattr('fastrnn.inference.texts.PIECE', 0)
    monkeypatch.setattr(sys, 'stdout', Terminal())
    monkeypatch.setattr(sys, 'argv', ['fastrnn', 'sample', str(model), '--prime', 'ab', '--length', '3'])
    with pytest.raises(SystemExit):
        main()
    assert [len(text) for text in shown[:5]] == [2, 3, 4, 5, 6]


def test_closed_output(model):
    """``fastrnn sample ... | head -1``."""
    run = start_python('-m', 'fastrnn', 'sample', model, '--length', 10**11, PYTHONUTF8='1')
    assert run.stdout.readline()
    run.stdout.close()
    assert run.wait(timeout=30) == 141
    assert run.stderr.read() == b''
    run.stderr.close()


def test_weights_that_overflow(cli, tmp_path):
    code, _, err = cli('sample', make(tmp_path / 'm', sharp=1e200), '--length', 9)
    assert code == 3
    assert err == "error: probabilities contain NaN: the model's weights are not finite, or far too large\n"


def test_a_terminal_sees_no_half_surrogates(model, monkeypatch):
    """A surrogate is nothing that UTF-8 can show: it would end the program in the middle of a text."""
    shown = io.TextIOWrapper(io.BytesIO(), 'utf-8')
    monkeypatch.setattr(sys, 'stdout', shown)
    monkeypatch.setattr(sys, 'argv', ['fastrnn', 'sample', str(model), '--prime', '\ud800a', '--length', '0'])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert shown.buffer.getvalue().decode() == '\ufffda\n'
