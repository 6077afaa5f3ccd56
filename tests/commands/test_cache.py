"""``fastrnn cache``: lists and clears the cache folder."""

import json

import pytest
from caches import DAY, add_kernels
from helpers import SONNETS, run_python

from fastrnn.data.corpus import open_corpus
from fastrnn.system.cache_folder import items

pytestmark = pytest.mark.usefixtures('cache_root')


def test_show(cache_root, add_text, tmp_path, cli):
    add_text('a', 5000, days=3)
    add_kernels(cache_root, 'a', 1.5)
    add_text('line\nbreak', days=0.2)
    open_corpus([SONNETS, tmp_path / 'a', SONNETS])
    corpus = open_corpus(tmp_path / 'a', unit='byte')
    code, out, err = cli('cache')
    assert (code, err) == (0, '')
    first, second, third, *rest = out.splitlines()
    assert first.split()[1:3] == ['KB', '3'] and first.endswith(f'3 days  text        {tmp_path / "a"}')
    assert second.endswith(f'1 day  kernels     kernels-{"a" * 16}')
    assert third.endswith(f"4 hours  text        '{tmp_path}/line\\nbreak'")
    assert sorted(line.split()[2:4] for line in rest[:2]) == [['in', 'use'], ['just', 'now']]
    assert any(line.endswith(f'{SONNETS}, {tmp_path / "a"} and 1 more') for line in rest)
    total = sum(item.bytes for item in items(cache_root))
    assert rest[2:] == [f'{total / 1000:.1f} KB in {cache_root} (limit 4.0 GB)']
    del corpus


def test_show_as_json(cache_root, add_text, tmp_path, cli):
    folder, other = add_text('a', 5000, days=2), add_kernels(cache_root, 'a', 1)
    code, out, err = cli('cache', '--json')
    text, code_ = map(json.loads, out.splitlines())
    assert (code, err) == (0, '')
    assert abs(text.pop('unused_seconds') - 2 * DAY) < 60 and abs(code_.pop('unused_seconds') - DAY) < 60
    assert code_ == {'kind': 'kernels', 'path': str(other), 'bytes': code_['bytes'], 'in_use': False}
    assert text.pop('bytes') > 5000
    assert text == {
        'kind': 'text',
        'path': str(folder),
        'in_use': False,
        'files': [str(tmp_path / 'a')],
        'characters': 5000,
    }


def test_clear(cache_root, add_text, tmp_path, cli):
    """Only its own entries, and none in use."""
    add_text('a', 3000)
    add_text('b', 4000)
    add_kernels(cache_root, 'a', 1)
    (cache_root / 'corpora' / '.new-7-ff').mkdir()
    foreign = [
        cache_root / 'kernels-6.1' / 'x',
        cache_root / 'corpora' / 'novels' / 'x',
        cache_root / '.old-things' / 'x',
        cache_root / 'x',
    ]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_text('mine')
    corpus = open_corpus(tmp_path / 'b')
    before = {item.path: item.bytes for item in items(cache_root)}
    (left,) = (item for item in items(cache_root) if item.in_use)
    freed = sum(before.values()) - left.bytes
    code, out, err = cli('cache', 'clear')
    assert (code, err) == (0, '')
    assert out.startswith(f'freed {freed / 1000:.1f} KB (') and out.endswith(
        f'; {left.bytes / 1000:.1f} KB left in {cache_root}\n'
    )
    assert sorted(out[out.index('(') + 1 : out.index(')')].split(', ')) == ['kernels 1', 'text 1', 'unfinished 1']
    assert [item.path for item in items(cache_root)] == [left.path] and all(
        path.read_text() == 'mine' for path in foreign
    )
    del corpus
    assert json.loads(cli('cache', 'clear', '--json')[1]) == {
        'freed': left.bytes,
        'removed': [str(left.path)],
        'left': 0,
    }
    assert cli('cache', 'clear')[1] == f'freed 0.0 KB; 0.0 KB left in {cache_root}\n'


def test_clear_to_a_size(cache_root, add_text, cli):
    old, new = add_text('a', 1000, days=2), add_text('b', 1000, days=1)
    size = sum(item.bytes for item in items(cache_root))
    assert cli('cache', 'clear', '--to', size)[1].startswith('freed 0.0 KB;')
    assert cli('cache', 'clear', '--to', f'{(size - 1) / 1000}KB')[0] == 0
    assert not old.exists() and new.exists()


@pytest.mark.parametrize('facts', ['', '[]', '{"n": "x", "files": 3, "digests": null}', '{"files": [1]}', '\x00'])
def test_invalid_facts(cache_root, add_text, cli, facts):
    folder = add_text('a')
    (folder / 'facts.json').write_text(facts)
    assert cli('cache')[0] == cli('cache', '--json')[0] == 0
    assert cli('cache', 'clear')[0] == 0 and not folder.exists()


def test_a_missing_cache(cache_root, cli):
    assert cli('cache') == (0, f'0.0 KB in {cache_root} (limit 4.0 GB)\n', '')
    assert cli('cache', 'clear')[0] == 0 and not cache_root.exists()


def test_the_command_is_light(cache_root, add_text):
    add_text('a')
    code = 'import sys; from fastrnn.cli import main\nsys.argv = ["fastrnn", "cache", *sys.argv[1:]]\ntry: main()\n'
    code += 'except SystemExit: print({"numba", "numpy"} & set(sys.modules))'
    for args in ((), ('clear',)):
        assert run_python('-c', code, *args).stdout.endswith(b'set()\n')
