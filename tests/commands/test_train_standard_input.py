"""Text from standard input: read once, the same as from a file, and found in the cache when a run is resumed."""

import gzip
import io
import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from caches import entries
from helpers import SONNETS, start_python
from kept import contents

import fastrnn
from fastrnn.data import files, stored
from fastrnn.data.corpus import open_corpus
from fastrnn.parallel.group import Processes

TEXT = SONNETS.read_bytes()
SMALL = ('--hidden-size', 4, '--seed', 0, '--sample-length', 20, '--print-every', 5)
RUN = (*SMALL, '--iterations', 10)
EMPTY = 'standard input is empty; pipe a text into it, or name a file'


@pytest.fixture
def stdin(monkeypatch, cache_root):
    """Standard input with these bytes and nothing after them."""

    def call(data):
        monkeypatch.setattr(sys, 'stdin', SimpleNamespace(buffer=io.BytesIO(data)))

    return call


@pytest.fixture
def model(tmp_path):
    with fastrnn.train(SONNETS, hidden_size=4, seed=0, iterations=5) as run:
        run.save(tmp_path / 'model')
    return tmp_path / 'model'


@pytest.mark.parametrize('held', [1 << 26, 0])
def test_the_same_as_a_file(cli, stdin, model, monkeypatch, held):
    """Compressed or not, in chunks of any size; with ids in memory or in a file."""
    monkeypatch.setattr(stored, 'IN_MEMORY', held)
    monkeypatch.setattr(files, 'CHUNK', 100)
    for args in (('train', SONNETS, *RUN), ('eval', model, SONNETS), ('score', model, SONNETS)):
        expected = cli(*args)
        assert expected[0] == 0 and expected[1]
        for data in (TEXT, gzip.compress(TEXT)):
            stdin(data)
            assert cli(*('-' if arg == SONNETS else arg for arg in args)) == expected


def test_a_pipe_of_the_shell(model, cli):
    process = start_python('-c', FEED, 'eval', model, '-')
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out.decode(), err) == (*cli('eval', model, SONNETS)[:2], b'')


FEED = f"""
import subprocess, sys
with subprocess.Popen([sys.executable, '-m', 'fastrnn', *sys.argv[1:]], stdin=subprocess.PIPE) as process:
    process.stdin.write(open({str(SONNETS)!r}, 'rb').read())
sys.exit(process.returncode)
"""


def test_from_python(stdin, tmp_path, monkeypatch):
    """A file with the name '-' needs its absolute path."""
    monkeypatch.chdir(tmp_path)
    Path('-').write_text('another text')
    stdin(TEXT)
    corpus = open_corpus(Path('-'))
    assert corpus.sha256 == open_corpus(SONNETS).sha256
    stdin(TEXT)
    with fastrnn.train(Path('-'), hidden_size=4, iterations=1) as run:
        assert run.text.corpus.sha256 == corpus.sha256
    assert open_corpus(tmp_path / '-').ids.size == len('another text')


def test_a_page_has_a_title(cli, stdin, model, tmp_path):
    stdin(TEXT)
    assert cli('score', model, '-', '--html', tmp_path / 'page')[0] == 0
    assert '<title>Surprisal of standard input</title>' in (tmp_path / 'page').read_text(encoding='utf-8')


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        (('-',), EMPTY),
        (('-', '-'), 'standard input can be read only once; name it once'),
        ((SONNETS, '--validation', '-'), "standard input can't be the held-out text; name a share or a"),
    ],
)
def test_refused(cli, stdin, args, words):
    stdin(b'')
    code, out, err = cli('train', *args)
    assert (code, out) == (2, '') and err.startswith(f'error: {words}') and err.count('\n') == 1


def test_of_several_processes_one_has_it(stdin, monkeypatch):
    stdin(TEXT)
    monkeypatch.setattr(Processes, 'size', 2)
    for call in (lambda: fastrnn.train(Path('-')), lambda: fastrnn.start('nowhere', '-')):
        with pytest.raises(
            ValueError, match=r'^standard input is only available to the first of several processes; save the te'
        ):
            call()
    assert not Path('nowhere').exists()


def test_a_kept_run_resumes_from_the_cache(cli, stdin, tmp_path, cache_root, monkeypatch):
    """Bit for bit; its note says so. A file that happens to be named '-' is not used."""
    end = ('--iterations', 20)
    assert cli('train', SONNETS, *SMALL, *end, '--out', tmp_path / 'whole', '--validation', '10%')[0] == 0
    shutil.rmtree(cache_root)
    stdin(TEXT)
    code, _, err = cli('train', '-', *RUN, '--out', tmp_path / 'run', '--validation', '10%')
    again = f'save the same text in a file and type: fastrnn train FILE --resume {tmp_path / "run"}'
    assert code == 0 and err.startswith(
        f'the text comes from standard input and is cached; if it is removed from the cache, {again}\n'
    )
    assert json.loads((tmp_path / 'run' / 'config.json').read_bytes())['text']['files'] == ['-']
    assert 'standard input' in cli('cache')[1]
    stdin(b'')
    monkeypatch.chdir(tmp_path)
    Path('-').mkdir()
    assert cli('train', '--resume', tmp_path / 'run', *end)[0] == 0
    arrays = [contents(tmp_path / name)[1][0] for name in ('run', 'whole')]
    assert arrays[0] == arrays[1]


def begun(cli, stdin, folder):
    stdin(TEXT)
    assert cli('train', '-', *RUN, '--out', folder)[0] == 0
    stdin(b'')


def test_the_cache_has_it_no_longer(cli, stdin, tmp_path, cache_root):
    """Then the text must be given: in a file, or again from standard input."""
    begun(cli, stdin, tmp_path / 'run')
    resume = ('--resume', tmp_path / 'run')
    shutil.rmtree(cache_root)
    assert cli('train', *resume) == (
        2,
        '',
        f'error: {tmp_path / "run"}: its text came from standard input, and is no longer in the cache; save the same '
        f'text in a file and type: fastrnn train FILE --resume {tmp_path / "run"}\n',
    )
    assert cli('train', '-', *resume) == (2, '', f'error: {EMPTY}\n')
    stdin(TEXT[:-1])
    code, _, err = cli('train', '-', *resume, '--iterations', 15)
    assert code == 2 and 'standard input: changed since the run (' in err
    stdin(TEXT)
    assert cli('train', '-', *resume, '--iterations', 15)[0] == 0
    shutil.rmtree(cache_root)
    assert cli('train', SONNETS, *resume, '--iterations', 20)[0] == 0
    assert cli('train', *resume, '--iterations', 25)[0] == 0  # config.json now names the file


@pytest.mark.parametrize('damage', ['ids', 'facts', 'reading'])
def test_only_the_same_text_is_taken(cli, stdin, tmp_path, cache_root, damage):
    """An entry that is damaged, or was read with other settings, is ignored."""
    begun(cli, stdin, tmp_path / 'run')
    (entry,) = entries(cache_root / 'corpora')
    if damage == 'ids':
        os.truncate(entry / 'ids', 10)
    elif damage == 'facts':
        facts = json.loads((entry / 'facts.json').read_bytes())
        (entry / 'facts.json').write_text(json.dumps({**facts, 'points': facts['points'][::-1]}))
    else:
        shutil.rmtree(entry)
        open_corpus(SONNETS, unit='byte')
        open_corpus(SONNETS, min_count=3)
    code, out, err = cli('train', '--resume', tmp_path / 'run', '--iterations', 20)
    assert (code, out) == (2, '') and 'is no longer in the cache' in err


def test_without_a_cache(cli, stdin, tmp_path, monkeypatch):
    """A line says so at the start, because the text can't be found later."""
    (tmp_path / 'file').touch()
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'file'))
    stdin(TEXT)
    code, _, err = cli('train', '-', *RUN, '--out', tmp_path / 'run')
    assert code == 0 and 'the text comes from standard input and is not cached; to resume, save the same' in err
