"""An engine is a row of a table and a class; code asks the table, not the name."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import fastrnn
from fastrnn.engines.engine import ENGINES, ReferenceEngine
from fastrnn.settings import options
from fastrnn.settings.abilities import ABILITIES
from fastrnn.settings.options import TABLE

MODULES = sorted(Path(fastrnn.__file__).parent.rglob('*.py'))


def test_the_table_and_the_classes():
    assert set(ABILITIES) == set(TABLE['engine'].kind.choices) == set(ENGINES)
    assert all(set(row.engines or ()) <= set(ABILITIES) for row in TABLE.values())


def asks_for_a_name(node):
    """True if an expression compares an engine's name with a constant."""
    if not isinstance(node, ast.Compare):
        return False
    names = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    return bool(names & set(ABILITIES)) and 'engine' in ast.unparse(node)


def test_no_module_asks_for_a_name():
    """Presets have the same names, and code may compare these."""
    assert asks_for_a_name(ast.parse("config.engine in ('batched',)", mode='eval').body)
    trees = {module: ast.parse(module.read_text(encoding='utf-8')) for module in MODULES}
    assert [module for module, tree in trees.items() if any(map(asks_for_a_name, ast.walk(tree)))] == []


@pytest.fixture
def fourth(monkeypatch):
    """An unknown engine: it computes as reference, reports as batched, and takes ``init``."""
    monkeypatch.setitem(ABILITIES, 'fourth', replace(ABILITIES['batched'], flops=1e9))
    table = {**TABLE, 'init': replace(TABLE['init'], engines=('batched', 'fourth'))}
    monkeypatch.setattr(options, 'TABLE', table)
    monkeypatch.setitem(ENGINES, 'fourth', ReferenceEngine)


def test_a_fourth_engine(fourth, cli, tmp_path):
    (tmp_path / 'text').write_text('abcab' * 40)
    options = ('--engine', 'fourth', '--iterations', 6, '--print-every', 2, '--hidden-size', 4, '--seed', 0)
    code, out, _ = cli('train', tmp_path / 'text', *options, '--init', 'scaled', '--sample-length', 5)
    lines = out.splitlines()
    assert code == 0 and [line.split('  ')[0] for line in lines if line.startswith('iter')] == [
        'iter 2',
        'iter 4',
        'iter 6',
    ]
    assert lines[-3:-2] == ['----']
    code, _, err = cli('train', tmp_path / 'text', *options, '--streams', 2)
    assert code == 2 and err == (
        'error: streams is 2, but engine fourth trains as the gist does (streams 1): add --engine batched, '
        'or --preset fast\n'
    )
    with pytest.raises(fastrnn.Diverged, match='the loss is inf or NaN'):
        for _ in fastrnn.train('abcab' * 40, engine='fourth', iterations=60, learning_rate=1e6, hidden_size=4, seed=0):
            pass
