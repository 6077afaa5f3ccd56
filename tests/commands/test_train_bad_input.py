"""Bad input: one line on standard error, exit code 2, no traceback, nothing printed; ValueError in the library."""

import math

import pytest
from helpers import SONNETS, refusal, run_python

import fastrnn
from fastrnn.decision import resolve

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.fixture
def refused(cli):
    """Run the command line, check the exit code and outputs, and return the line."""

    def call(*args):
        if args[0] == 'train' and '--iterations' not in args:
            args = ('train', '--iterations', 1, *args[1:])  # a run that is not refused must end
        return refusal(cli, *args)

    return call


@pytest.fixture
def write(tmp_path):
    def call(data):
        path = tmp_path / 'text'
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return call


def test_another_encoding(cli, refused, write):
    """Refused as UTF-8 and as ASCII; read as Latin-1, in which each byte is a character."""
    path = write('öäü'.encode('latin-1') * 9)
    assert '--encoding' in refused('train', path) and 'is not ascii' in refused('train', path, '--encoding', 'ascii')
    code, out, _ = cli('train', path, '--encoding', 'latin-1', '--iterations', 1)
    assert code == 0 and out.startswith('data has 27 characters, 3 unique.\n')


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-32', 'utf-7', 'idna', 'punycode', 'undefined', 'a\0b'])
def test_encodings_that_fail_in_other_ways(refused, write, encoding):
    refused('train', write(b'abc+\xff..'), '--encoding', encoding, '--iterations', 0)


TEXTS = [
    (
        'x' * 500,
        'the text has only one distinct character; nothing can be learned from it: use a text with two or more',
    ),
    (
        TEXT[:26],
        'the text has 26 characters, but a seq_length of 25 needs at least 27: use a longer text or '
        '--seq-length up to 24',
    ),
    ('a', 'the text has 1 characters, but a seq_length of 25 needs at least 27'),
]


@pytest.mark.parametrize(('text', 'words'), TEXTS)
def test_texts(refused, write, text, words):
    message = refused('train', write(text))
    assert message.startswith(words)
    with pytest.raises(ValueError) as error:
        fastrnn.train(text)
    assert str(error.value) == message


def test_an_empty_text_in_the_library():
    with pytest.raises(ValueError, match='the text has 0 characters'):
        fastrnn.train('')


def test_the_shortest_text_is_enough(cli, write):
    assert cli('train', write(TEXT[:27]), '--iterations', 2)[0] == 0


OPTIONS = [
    *((name, value) for name in ('hidden_size', 'seq_length', 'sample_every', 'print_every') for value in (0, -1)),
    ('iterations', -1),
    ('sample_length', -1),
    ('seed', -1),
    ('seed', 2**32),
    ('threads', 0),
    ('hidden_size', 2**63),
    *(('learning_rate', value) for value in (0.0, -0.0, -1.0, math.nan, math.inf, -math.inf, 1e7)),
    ('engine', 'quick'),
]


@pytest.mark.parametrize(('name', 'value'), OPTIONS)
def test_options(refused, name, value):
    """The command's error is the library's; it names the option and its value."""
    with pytest.raises(ValueError) as error:
        fastrnn.train(TEXT, **{name: value})
    words = str(error.value)
    assert words.startswith(f'{name} is {value!r}; it must be ') and '\n' not in words
    assert refused('train', SONNETS, '--' + name.replace('_', '-'), value) == words


@pytest.mark.parametrize(
    ('options', 'needed'),
    [({'hidden_size': 10**7}, '1.6 PB'), ({'seq_length': 1200, 'hidden_size': 10**8}, '160.0 PB')],
)
def test_absurd_sizes(refused, options, needed):
    """The error has the memory that weights and Adagrad's state would take, and the option to lower."""
    arguments = [part for key, value in options.items() for part in ('--' + key.replace('_', '-'), value)]
    message = refused('train', SONNETS, *arguments)
    assert f' need {needed} of memory, but ' in message
    assert f'hidden_size {options["hidden_size"]:,}' in message and ': use --hidden-size ' in message
    with pytest.raises(ValueError) as error:
        fastrnn.train(TEXT, **options)
    assert str(error.value).split(', but ')[0] == message.split(', but ')[0]  # free memory changes


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        (('train',), 'file'),
        (('train', SONNETS, 'another'), 'another'),
        (('train', SONNETS, '--seed', 'x'), '--seed'),
        (('train', SONNETS, '--hidden-size', '128.5'), "'--hidden-size': '128.5' is not a whole number, such as 128"),
        (('train', SONNETS, '--learning-rate', '0,1'), "'--learning-rate': '0,1' is not a number, such as 0.1"),
    ],
)
def test_usage(refused, args, words):
    assert words in refused(*args).lower()


def test_in_a_process_of_its_own():
    result = run_python('-m', 'fastrnn', 'train', 'nowhere')
    assert (result.returncode, result.stdout) == (2, b'')
    assert result.stderr == b'error: nowhere: No such file or directory; name a text file that can be read\n'


def test_out_of_memory(refused, monkeypatch):
    def check_text(*_):
        raise MemoryError

    monkeypatch.setattr(resolve, 'check_text', check_text)
    assert refused('train', SONNETS) == 'out of memory: use a smaller --hidden-size, --seq-length or --streams'
