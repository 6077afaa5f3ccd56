"""The commands that make the tables of the documentation, on fewer and shorter cases: ``pytest -m long``."""

import re
from importlib.util import find_spec

import front
import numpy as np
import peers
import pytest
import quality
import startup
import table
import versus
from browser import BROWSER
from helpers import ROOT, SONNETS, markov_text, run_python
from mpi import needs_mpi

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.model.torch_names import torch_tensors

pytestmark = pytest.mark.long


@pytest.fixture
def page(tmp_path):
    """A page with the markers of each table, which are all that a script needs there."""
    path = tmp_path / 'page.md'
    modules = (front, peers, quality, startup, table, versus)
    path.write_text(''.join(f'{module.MARKERS[0]}\n{module.MARKERS[1]}\n' for module in modules), encoding='utf-8')
    return path


def rows(page, marker):
    table = page.read_text(encoding='utf-8').split(f'<!-- {marker}:')[1].split(f'<!-- end of {marker}')[0]
    return [line for line in table.splitlines()[2:] if re.match(r'\| .*\d', line)]


def run(module, *args, **constants):
    """A script of bench/ as a process, with other constants."""
    changes = ''.join(f'; {module}.{name} = {value}' for name, value in constants.items())
    argv = [module, *map(str, args)]
    folder = str(ROOT / 'bench')
    code = f'import sys; sys.path.insert(0, {folder!r}); import {module}{changes}; sys.argv = {argv!r}; {module}.main()'
    result = run_python('-c', code, timeout=900)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def test_speeds(page, tmp_path, monkeypatch):
    monkeypatch.delenv('PYTEST_XDIST_WORKER', raising=False)  # of this test: there, nothing would be measured
    data = tmp_path / 'bench.json'
    short = ['-k=-50-', '--benchmark-max-time', '0.05', '--benchmark-min-rounds', '1']
    result = run_python(
        '-m', 'pytest', ROOT / 'bench', '--benchmark-only', f'--benchmark-json={data}', *short, timeout=900
    )
    assert result.returncode == 0, result.stdout.decode()
    run('table', data, page)
    assert [row.split('|')[1].strip() for row in rows(page, 'speeds')] == [
        'lossFun',
        'Adagrad',
        '200 iterations',
        '200 characters sampled',
    ]


def test_player():
    if BROWSER is None:
        pytest.skip('there is no chromium')
    table = run('player', CASES=(('gru', 1, 8), ('lstm', 2, 8)), LENGTH=50).splitlines()
    assert [line.split('|')[1].strip() for line in table[2:]] == ['gru H=8', 'lstm 2 x 8']


def test_startup(page):
    """The exact engine is what compiles soonest; the others' commands are run with the kernels that are there."""
    for command in (startup.FAST, startup.LSTM):
        assert run_python(*command[1:], timeout=900).returncode == 0
    run('startup', page, RUNS=1, FAST='startup.IMPORT', LSTM='startup.IMPORT')
    assert len(rows(page, 'startup')) == 8


def test_quality(page, tmp_path):
    """Of whole processes; a second start has the results of the first."""
    args = SONNETS, page, '--seeds', 1, '--store', tmp_path / 'store'
    run('quality', *args, BUDGETS=(3.0,))
    assert len(rows(page, 'quality')) == 1
    stored = (tmp_path / 'store').read_bytes()
    run('quality', *args, BUDGETS=(3.0,))
    assert (tmp_path / 'store').read_bytes() == stored and stored.count(b'\n') == 1


def test_presets(tmp_path):
    """Models and changes, changes by name, short texts, batches; a second start trains nothing again."""
    few = {'MODELS': "{0.0: (('lstm', 1, 8),)}", 'CHANGES': "({'dropout': 0.25}, {'learning_rate': 0.5})"}
    store = tmp_path / 'store'
    for _ in range(2):
        printed = run('presets', SONNETS, store, '--seconds', '0.2', **few)
        named = [line.split(' | ')[1] for line in printed.splitlines()[2:]]
        assert named == ['**as it is**', 'lstm 1 x 8', 'dropout 0.25', 'learning_rate 0.015']
    assert store.read_bytes().count(b'\n') == 5
    printed = run('presets', SONNETS, store, 'hidden_size=8,cell=rnn', '--seconds', '0.2')
    assert '| 0.2 | hidden_size 8, cell rnn | rnn 1 x 8 |' in printed
    assert run('presets', SONNETS, store, '--short', SHORT=(600, 1200)).count('gru 1 x 32') == 2
    printed = run('presets', SONNETS, store, 'hidden_size=8', '--batches', '2e4', BATCHES='{32: (2.0,)}')
    assert '| 0.02e6 | 16 | 0.03 | ' in printed and '| 0.02e6 | 32 | 0.06 | ' in printed


def test_phases_of_the_exact_engine():
    output = run('exact_phases', '--hidden-sizes', 16, ROUNDS=4, SECONDS=0.001, BARRIERS=100)
    assert [line.split('  ')[1] for line in output.splitlines()[2:]] == [
        'forward',
        'output',
        'backward',
        'one-hot, packing',
        'gradients, Adagrad',
    ]


@needs_mpi
def test_processes():
    table = run('processes', TURNS=1, SECONDS=0.1).splitlines()
    assert [line.split('|')[1].split(' (')[0].strip() for line in table[2:4]] == ['2 processes x 1 thread'] * 2


def test_peers(page):
    """Those that are not installed are left out."""
    run('peers', page, CASES='(peers.CASES[0], peers.Case("gru", 16, 4, layers=2))', ROUNDS=1, SECONDS=0.02)
    found = rows(page, 'peers')
    assert [row.split('|')[1].strip() for row in found[:2]] == ['tanh 100', 'GRU 2 x 16']
    assert ['LSTM 256' in row for row in found[2:]] == [True] * (find_spec('torch') is not None)


def test_phases():
    """Its loops have the losses of the engine's."""
    few = '(phases.Case("gru", 40, 4, layers=2, T=8), phases.Case("lstm", 40, 5, T=8))'
    tables = run('phases', '--shares', 2, CASES=few, ROUNDS=1, SECONDS=0.01, WAITS=100)
    assert tables.count('| **iteration of the engine** |') == 2 and tables.count('| input products, back |') == 1


def test_cores():
    few = '[cores.Case("gru", 40, 3, layers=2, T=8)]'
    told = run(
        'cores', '--l3', 0.001, MODELS=few, BAR='cores.Case("gru", 40, 16, layers=2, T=8)', ROUNDS=1, ROUND=0.001
    )
    rows = [line.split(' | ') for line in told.splitlines() if line.startswith('| GRU 2 x 40')]
    assert [len(row) for row in rows] == [9, 7, 7, 7]
    assert ' x ' not in ''.join(rows[0][3:])  # an L3 so slow feeds one core alone


@pytest.fixture
def text(tmp_path):
    path = tmp_path / 'text.txt'
    path.write_text(markov_text(20_000), encoding='utf-8')
    return path


def test_versus(page, text, tmp_path):
    """And a second start measures nothing again."""
    pytest.importorskip('torch')
    stage = '__import__("versus_cases").Stage(({"H": 8}, {"cell": "gru"}), ({"dropout": 0.2}, {"T": 0.5}))'
    options = (text, page, '--store', tmp_path / 'versus.jsonl')
    run('versus', *options, STAGES=f'{{0.2: {stage}, 0.4: {stage}}}', LADDER='(0.5, 1.0)')
    found = rows(page, 'versus')
    assert len(found) >= 2 and found[0].startswith('| 0.2 s | ')
    run(
        'versus', *options, STAGES=f'{{0.2: {stage}, 0.4: {stage}}}', LADDER='(0.5, 1.0)', peer='len', own='len'
    )  # fail if called
    assert rows(page, 'versus') == found


def test_front(page, text, tmp_path):
    """And a second start measures nothing again."""
    pytest.importorskip('torch')
    few = {'GOALS': '(6.0, 5.9)', 'GIST': 0.3, 'FROM': '{"PyTorch": (0.2, 0.3), "fastrnn": (0.3, 0.3)}'}
    few['RECIPES'] = 'dict.fromkeys(front.GOALS, front.RECIPES[2.3][:1])'
    options = (text, page, '--store', tmp_path / 'front.jsonl')
    run('front', *options, **few)
    found = rows(page, 'front')
    assert ['min-char-rnn' in found[0], 'PyTorch' in found[1], 'fastrnn' in found[2]] == [True] * 3
    run('front', *options, **few, gist='len')  # fails if called
    assert rows(page, 'front') == found


def test_the_hash_of_kernels_ignores_words():
    """Comments, docstrings and white space do not make a table stale; code does."""
    code = b'"""Doc."""\n\n\ndef f(x):\n    """More."""\n    return x + 1  # why\n'
    assert table.code_of(code) == table.code_of(b'def f(x): return x+1\n') != table.code_of(b'def f(x): return x+2\n')
    assert table.code_of(b'x = "a"\n') != table.code_of(b'x = "b"\n')


def test_pytorch_is_judged_as_fastrnn_is():
    """By the same bits of the same weights."""
    pytest.importorskip('torch')
    import versus_torch
    from versus_cases import Recipe

    corpus = Corpus.of(markov_text(5000))
    model = fastrnn.train(corpus, preset='fast', cell='lstm', hidden_size=24, iterations=40, seed=0).watch()
    V = len(corpus.chars)
    trainer = versus_torch.Trainer(Recipe(H=24, dropout=0.5), np.asarray(corpus.ids), V, 1)
    tensors = {name: versus_torch.torch.from_numpy(values) for name, values in torch_tensors(model.params).items()}
    for part, name in ((trainer.rnn, 'rnn.'), (trainer.output, 'output.')):
        part.load_state_dict({key.removeprefix(name): v for key, v in tensors.items() if key.startswith(name)})
    expected = fastrnn.evaluate(model, corpus.text(corpus.ids[:])).bits_per_character
    assert trainer.evaluate(np.asarray(corpus.ids)) == pytest.approx(expected, abs=1e-5)


def test_large(text):
    """What has to be kept is for minutes and for large texts; here it is only told."""
    few = {'CELLS': ('gru',), 'BUSY': 0.0, 'OTHER': 1.0, 'BEYOND': 1e4, 'RATE': 0.0, 'FIRST': 1e4}
    told = run('large', text, '--time', '0.5s', **few)
    assert told.count('kept: ') == 6


def test_curves(text, tmp_path):
    told = run('curves', text, tmp_path / 'curves.png', '--time', '0.3', '--runs', tmp_path / 'runs')
    assert [line.split()[1] for line in told.splitlines()][:3] == ['reference', 'exact', 'fast']
    assert ('PyTorch' in told) == (find_spec('torch') is not None)
    assert (tmp_path / 'curves.png').read_bytes().startswith(b'\x89PNG')
