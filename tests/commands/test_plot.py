"""``fastrnn plot``: pictures, and what is refused."""

import json
import math
import sys
from xml.etree import ElementTree

import pytest
from helpers import refusal
from logs import records, rollback
from matplotlib.image import imread


@pytest.mark.parametrize('name', ['out.png', 'out.SVG'])
def test_the_command(cli, logged, tmp_path, name):
    """A readable picture, the same each time; the one that was there is replaced."""
    one, two, target = logged('one'), logged('two', engine='reference'), tmp_path / name
    target.write_text('another')
    code, out, err = cli('plot', one, two, '--out', target)
    assert (code, err) == (0, '')
    assert out.splitlines()[0] == f'{target}: one (batched): best validation 2.175'
    data = target.read_bytes()
    if name.endswith('png'):
        pixels = imread(target)
        assert pixels.shape[1] == 1500 and pixels.std() > 0.05
    else:
        root = ElementTree.fromstring(data)
        assert root.tag.endswith('svg') and not root.findall('.//{*}date')
    cli('plot', one, two, '--out', target)
    assert target.read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(['one', 'two', name])


def test_the_default_is_a_png_here(cli, logged, tmp_path, monkeypatch):
    """A folder may also be this one."""
    monkeypatch.chdir(logged())
    code, out, _ = cli('plot', '.')
    assert code == 0 and out.startswith('curves.png: run1 (batched')
    assert (tmp_path / 'run1' / 'curves.png').read_bytes().startswith(b'\x89PNG')


LINES = ['{"iteration": 3', 'garbage', '[1]', '7', 'null', '{}', '\xff', '{"event": "rollback"}', '[' * 100_000]
BAD = [{name: value} for name in ('seconds', 'characters', 'iteration') for value in (None, math.nan, math.inf, 'x')]


@pytest.mark.parametrize('line', [*LINES, *(json.dumps({**records(1)[0], **bad}) for bad in BAD)])
def test_broken_lines(cli, logged, tmp_path, line):
    """Named by file and line, wherever they are but at a torn end."""
    folder = logged(entries=records(3), tail=f'{line}\n')
    message = refusal(cli, 'plot', folder, '--out', tmp_path / 'c.png')
    assert message.startswith(f'{folder / "log.jsonl"}: line 4 is not a record of a run')
    assert not (tmp_path / 'c.png').exists()


def test_folders_that_are_not_runs(cli, logged, tmp_path, monkeypatch):
    made = '; name a folder made by fastrnn train --out'
    monkeypatch.chdir(tmp_path)
    good = logged('good')
    (tmp_path / 'empty').mkdir()
    assert refusal(cli, 'plot', 'empty') == f'empty/: has no log.jsonl{made}'
    assert refusal(cli, 'plot', good, 'nowhere') == f'nowhere: not a folder{made}'
    assert refusal(cli, 'plot', good / 'log.jsonl') == f'{good / "log.jsonl"}: not a folder{made}'
    assert 'has no records yet' in refusal(cli, 'plot', logged('new', entries=[]))
    assert 'has no records yet' in refusal(cli, 'plot', logged('back', entries=[*records(2), rollback(-1)]))
    for content in ('', '[]', '{"config": {}}', '{"config": {"engine": 1, "hidden_size": 2}}', '\xff'):
        (good / 'config.json').write_text(content, encoding='latin-1')
        assert refusal(cli, 'plot', good) == f'{good / "config.json"}: not the configuration of a run{made}'
    (good / 'config.json').unlink()
    assert refusal(cli, 'plot', good) == f'{good}/: has no config.json{made}'
    (good / 'config.json').mkdir()
    assert 'Is a directory' in refusal(cli, 'plot', good)
    assert not (tmp_path / 'curves.png').exists()


def test_names_that_are_not_pictures(cli, logged, tmp_path):
    folder = logged()
    for name in ('curves.pdf', 'curves', '.png'):
        assert 'a picture must end in .png or .svg' in refusal(cli, 'plot', folder, '--out', tmp_path / name)
    assert 'there is no folder' in refusal(cli, 'plot', folder, '--out', tmp_path / 'nowhere' / 'c.png')
    (tmp_path / 'c.png').mkdir()
    assert 'is a folder' in refusal(cli, 'plot', folder, '--out', tmp_path / 'c.png')


def test_a_page_with_the_name_of_a_picture(cli, logged, tmp_path):
    """Refused: the page would replace the picture, or look like one."""
    folder = logged()
    for name in ('x.png', 'x.SVG'):
        place = tmp_path / name
        for more in ((), ('--out', place)):
            message = f'{place}: --html writes a page; for a picture use --out'
            assert refusal(cli, 'plot', folder, '--html', place, *more) == message
            assert not place.exists()


def test_without_matplotlib(cli, logged, tmp_path, monkeypatch):
    folder = logged()
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    message = refusal(cli, 'plot', folder, '--out', tmp_path / 'c.png')
    assert message == 'plot needs matplotlib: pip install matplotlib'


def test_the_page(cli, logged, tmp_path, monkeypatch):
    """With a picture, or alone."""
    monkeypatch.chdir(tmp_path)
    folder = logged()
    code, out, err = cli('plot', folder, '--html', 'c.html')
    assert (code, out, err) == (0, 'c.html: run1 (batched, H=256): best validation 2.175\n', '')
    alone = (tmp_path / 'c.html').read_bytes()
    assert b'Plotly' in alone and not (tmp_path / 'curves.png').exists()
    out = cli('plot', folder, '--html', 'c.html', '--out', 'c.svg')[1]
    assert out.startswith('c.svg: run1 ') and out.endswith('\nc.html: interactive page of the same curves\n')
    assert (tmp_path / 'c.html').read_bytes() == alone and (tmp_path / 'c.svg').exists()


def test_pages_that_cannot_be_written(cli, logged, tmp_path):
    """Nothing is written, the picture neither."""
    folder, picture = logged(), tmp_path / 'c.png'
    for place in (tmp_path, tmp_path / 'nowhere' / 'c.html'):
        refusal(cli, 'plot', folder, '--out', picture, '--html', place)
    assert not picture.exists()
