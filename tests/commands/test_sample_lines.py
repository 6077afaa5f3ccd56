"""``fastrnn sample --until``, ``--lines`` and ``--novel``, escapes, and what does not go together."""

import gzip
import json
import os
import signal

import pytest
from helpers import ROOT, refusal, start_python
from models import some_model

import fastrnn
from fastrnn.model.checkpoint import save_model

CHARS = '\nabcdefghijklmé日\\'
OPTIONS, LONGER = ('--seed', 0, '--length', 60), ('--seed', 0, '--length', 300)


def make(path, chars=CHARS, unit='character'):
    save_model(path, some_model(chars=chars, unit=unit))
    return path


@pytest.fixture
def model(tmp_path):
    return make(tmp_path / 'model')


def lines_of(path, count, draws=40, **more):
    texts = fastrnn.samples(fastrnn.load_model(path), draws * count, 60, seed=0, until='\n', at_once=count, **more)
    return [text for text in texts if text]


def test_the_text_stops_before_a_string(cli, model):
    whole = cli('sample', model, *LONGER)[1]
    for typed, string in (('b', 'b'), ('\\n', '\n'), ('\\u65e5', '日'), ('\\\\', '\\')):
        assert string in whole[:-1]
        assert cli('sample', model, *LONGER, '--until', typed) == (0, whole.partition(string)[0] + '\n', '')
    texts = fastrnn.samples(fastrnn.load_model(model), 3, 300, seed=0, until='\n')
    assert cli('sample', model, *LONGER, '--until', '\\n', '--count', 3)[1] == '\n----\n'.join(texts) + '\n'
    facts = json.loads(cli('sample', model, *LONGER, '--until', '\\n', '--json')[1])
    assert (facts['sample'], facts['until']) == (whole.partition('\n')[0], '\n')


def test_escapes_in_a_prime(cli, model, tmp_path):
    """In a file they are what they are."""
    expected = ''.join(fastrnn.sample(fastrnn.load_model(model), 60, seed=0, prime='ab\nc\\é'))
    assert cli('sample', model, *OPTIONS, '--prime', r'ab\nc\\\xe9') == (0, f'ab\nc\\é{expected}\n', '')
    (tmp_path / 'prime').write_text('ab\\bc')
    expected = ''.join(fastrnn.sample(fastrnn.load_model(model), 60, seed=0, prime='ab\\bc'))
    assert cli('sample', model, *OPTIONS, '--prime-file', tmp_path / 'prime') == (0, f'ab\\bc{expected}\n', '')


@pytest.mark.parametrize('option', ['--prime', '--until'])
def test_bad_escapes(cli, model, option):
    words = r'is not an escape, such as \n, \t or \u00e9; write \\ for a backslash'
    assert refusal(cli, 'sample', model, option, r'a\q') == rf"Invalid value for '{option}': \q {words}"


def test_lines(cli, model):
    """One per output line; a prime begins each; JSON has an object for each."""
    assert cli('sample', model, *OPTIONS, '--lines', 9) == (0, '\n'.join(lines_of(model, 9)[:9]) + '\n', '')
    expected = fastrnn.samples(fastrnn.load_model(model), 9, 60, seed=0, prime='\nab', until='\n')
    out = cli('sample', model, *OPTIONS, '--lines', 9, '--prime', 'ab')[1]
    assert out == ''.join(f'ab{text}\n' for text in expected)
    out = cli('sample', model, *OPTIONS, '--lines', 9, '--json', '--top-k', 5)[1]
    rules = {'prime': '', 'temperature': 1.0, 'top_k': 5, 'top_p': None, 'seed': 0}
    assert [json.loads(line) for line in out.splitlines()] == [
        {'sample': text, **rules} for text in lines_of(model, 9, top_k=5)[:9]
    ]


def test_lines_of_bytes(cli, tmp_path):
    path = make(tmp_path / 'bytes', ''.join(map(chr, [10, 97, 0xC3, 0xA9])), 'byte')
    out = cli('sample', path, '--lines', 30, *OPTIONS)[1]
    assert out == '\n'.join(lines_of(path, 30)[:30]) + '\n' and 'é' in out


def test_novel_lines(cli, model, tmp_path):
    """gzip and standard input are texts, too."""
    texts, path = lines_of(model, 9), tmp_path / 'names.txt.gz'
    taken = {texts[2], texts[5]}
    path.write_bytes(gzip.compress('\n'.join(taken).encode()))
    new = [text for text in texts if text not in taken][:9]
    skipped = texts.index(new[-1]) - 8
    code, out, err = cli('sample', model, *OPTIONS, '--lines', 9, '--novel', path)
    assert (code, out) == (0, '\n'.join(new) + '\n')
    assert err == f'{skipped} of {9 + skipped} lines occur in names.txt.gz: skipped\n'


def test_several_novel_texts(cli, model, tmp_path):
    texts = lines_of(model, 9)
    for name, taken in (('a', texts[2]), ('b', texts[5])):
        (tmp_path / name).write_text(taken)
    new = [text for text in texts if text not in (texts[2], texts[5])][:9]
    skipped = texts.index(new[-1]) - 8
    code, out, err = cli('sample', model, *OPTIONS, '--lines', 9, '--novel', tmp_path / 'a', '--novel', tmp_path / 'b')
    assert (code, out) == (0, '\n'.join(new) + '\n')
    assert err == f'{skipped} of {9 + skipped} lines occur in a or b: skipped\n'


def test_too_few_new_lines_are_a_failure(cli, model, tmp_path):
    """At temperature 0 each line is the same: what could be printed is printed, and the code is 1."""
    line = cli('sample', model, '--lines', 1, '--temperature', 0, '--length', 9)[1]
    (tmp_path / 'names').write_text(line)
    code, out, err = cli(
        'sample', model, '--lines', 3, '--temperature', 0, '--length', 9, '--novel', tmp_path / 'names'
    )
    assert (code, out) == (1, '')
    assert err == '1,000 of 1,000 lines occur in names: skipped; 0 of 3 lines printed: the limit is 1,000 draws\n'


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('--lines', 5, '--count', 2), 'both --lines and --count are given: use one'),
        (
            ('--lines', 5, '--until', 'a'),
            'both --lines and --until are given: a line ends at its newline: use one',
        ),
        (('--lines', 5, '--interactive'), 'both --lines and --interactive are given: use one'),
        (('--interactive', '--count', 2), 'both --interactive and --count are given: use one'),
        (('--interactive', '--json'), 'both --interactive and --json are given: use one'),
        (('--interactive', '--prime-file', '-'), 'standard input can be read only once: name a file'),
        (('--lines', 5, '--novel', '-', '--prime-file', '-'), 'standard input can be read only once: name a file'),
        (('--novel', 'x'), '--novel is for lines: add --lines, such as --lines 20'),
        (('--lines', 5, '--length', 0), '--length is 0, but --lines prints no empty lines: set --length to 1 or more'),
        (('--lines', 5, '--prime', 'a\\n'), 'the prime has a newline, but each line starts with it: use --count, or'),
        (('--lines', 0), '--lines is 0; it must be a whole number, 1 or more'),
        (('--lines', 5, '--novel', 'nowhere'), 'nowhere: No such file or directory; name a text file that can be read'),
        (('--until', ''), '--until is empty: give a text of one character or more, such as \\n'),
        (('--lines', 5, '--novel', '-', '--novel', '-'), 'standard input can be read only once: name a file'),
        (('--lines', 5, '--novel', ROOT), f'{ROOT}: is a folder; name a text file'),
        (('--prime-file', ROOT), f'{ROOT}: is a folder; name a text file'),
        (('--until', 'xyz'), 'until has x (U+0078), which the model cannot write: use only characters of its'),
        (('--stop', 'x'), 'there is no option --stop: did you mean --until?'),
    ],
)
def test_refused(cli, model, options, words):
    assert words in refusal(cli, 'sample', model, *options)


def test_a_model_without_newlines(cli, tmp_path):
    path = make(tmp_path / 'm', 'abc')
    expected = 'the model has no newline in its vocabulary, so it cannot write lines: use --count or --until'
    assert refusal(cli, 'sample', path, '--lines', 5) == expected


def test_an_interrupt_leaves_what_is_there(model, tmp_path):
    """Lines are printed as they are drawn, and the report is of these."""
    (tmp_path / 'text').write_text('x')
    args = ('--lines', 10**9, '--novel', tmp_path / 'text', '--seed', 0)
    run = start_python('-m', 'fastrnn', 'sample', model, *args, PYTHONUTF8='1')
    first = os.read(run.stdout.fileno(), 1 << 16)  # readline() would keep lines that communicate() does not return
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130
    printed = (first + out).count(b'\n')
    assert err.decode() == f'0 of {printed:,} lines occur in text\n'


def test_unknown_characters_of_a_prime_are_skipped(cli, model):
    expected = ''.join(fastrnn.sample(fastrnn.load_model(model), 60, seed=0, prime='abc'))
    assert ''.join(fastrnn.sample(fastrnn.load_model(model), 60, seed=0, prime='aXbcYX', skip_unknown=True)) == expected
    code, out, err = cli('sample', model, *OPTIONS, '--prime', 'aXbcYX', '--skip-unknown')
    assert (code, out) == (0, f'abc{expected}\n')  # what was read
    assert err == (
        'left out: 3 of 6 characters (50.0 %) are not in the vocabulary of 17: X (U+0058) 2 times, Y (U+0059)\n'
    )
    none = cli('sample', model, *OPTIONS)[1]
    assert cli('sample', model, *OPTIONS, '--prime', 'XY', '--skip-unknown')[1] == none
    facts = json.loads(cli('sample', model, *OPTIONS, '--prime', 'aXbcYX', '--skip-unknown', '--json')[1])
    assert (facts['prime'], facts['sample']) == ('abc', expected)
    texts = fastrnn.samples(fastrnn.load_model(model), 2, 60, seed=0, prime='abc')
    out = cli('sample', model, *OPTIONS, '--prime', 'aXbcYX', '--skip-unknown', '--count', 2)[1]
    assert out == '\n----\n'.join(f'abc{text}' for text in texts) + '\n'
    out = cli('sample', model, *OPTIONS, '--prime', 'aXb', '--skip-unknown', '--lines', 3)[1]
    assert out == cli('sample', model, *OPTIONS, '--prime', 'ab', '--lines', 3)[1]
    assert cli('sample', model, *OPTIONS, '--skip-unknown') == (0, none, '')
