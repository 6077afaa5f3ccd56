"""``fastrnn runs``: the table, its widths, and what is refused."""

import json
import os

import pytest
from helpers import refusal
from logs import records, write_run

from fastrnn.system import outputs


@pytest.fixture
def some(tmp_path):
    """Runs that differ in H and learning rate; the middle one has no validation."""
    place = tmp_path / 'runs'
    place.mkdir()
    for k, (H, rate) in enumerate(((64, 0.01), (128, 0.02), (256, 0.003))):
        write_run(place / f'run{k}', records(40, every=k != 1 and 10, floor=2 - k / 10), H=H, learning_rate=rate)
    return place


def test_the_table(cli, some):
    """Best first, runs without validation last. A pipe gets the full table."""
    code, out, err = cli('runs', some)
    assert (code, err) == (0, '')
    assert out == (
        '             learning                best\n'
        'name  model      rate  read   time    val  status\n'
        'run2  H=256     0.003  200k  4.0 s  1.975  interrupted\n'
        'run0  H=64       0.01  200k  4.0 s  2.175  interrupted\n'
        'run1  H=128      0.02  200k  4.0 s      -  interrupted\n'
    )
    (some / 'run0').rename(some / ('long' * 50))
    assert f'{"long" * 50}  H=64' in cli('runs', some)[1]


WIDTHS = {
    80: ['name  model      rate  read   time    val  status', 'run2  H=256     0.003  200k  4.0 s  1.975  interrupted'],
    50: [
        'name  model  read   time    val  status',
        'run2  H=256  200k  4.0 s  1.975  interrupted',
        '    learning rate 0.003',
    ],
    30: ['1.975  run2', '    H=256, learning rate', '    0.003, 200k characters in', '    4.0 s, interrupted'],
}


@pytest.mark.parametrize('columns', WIDTHS)
def test_terminals(cli, some, monkeypatch, columns):
    """No line is wider than the terminal."""
    monkeypatch.setattr(outputs, 'columns', lambda: columns)
    told = cli('runs', some)[1].splitlines()
    assert [line for line in WIDTHS[columns] if line not in told] == [] and max(map(len, told)) <= columns


def test_json(cli, some):
    """An object for each run, with all that is known."""
    lines = [json.loads(line) for line in cli('runs', '--json', some)[1].splitlines()]
    assert [line['name'] for line in lines] == ['run2', 'run0', 'run1']
    first = lines[0]
    assert first['differs'] == {'learning_rate': '0.003'} and first['decided']['learning_rate'] == 0.003
    assert (first['validation'], lines[2]['validation']) == (records(floor=1.8)[-1]['best'], None)
    assert (first['characters'], first['seconds'], first['status']) == (200_000, 4.0, 'interrupted')


def test_the_figure_of_a_part_is_marked(cli, some):
    write_run(some / 'part', records(40, every=10), validate_part=500)
    out = cli('runs', some)[1]
    assert '2.175*' in out and out.endswith(
        '* on part of the held-out text; only the last validation reads all of it\n'
    )


def test_different_held_out_texts_are_noted(cli, some):
    """Their figures can't be compared; a run without validation has none."""
    note = 'the runs have different texts or held-out parts: compare only those that have the same\n'
    assert note not in cli('runs', some)[1]
    for name, expected in (('run1', False), ('run0', False), ('run2', True)):
        path = some / name / 'config.json'
        facts = json.loads(path.read_text())
        share = {'run1': '0.02', 'run0': '0.1', 'run2': '0.05'}[name]
        path.write_text(json.dumps(facts | {'text': {'files': ['a.txt'], 'validation': share}}))
        assert cli('runs', some)[1].endswith(note) == expected
    out = cli('runs', some)[1]
    assert ' 2% ' in out and ' 10% ' in out and ' 5% ' in out
    assert 'the runs have' not in cli('runs', some, '--json')[1]


def test_here(cli, some, monkeypatch):
    monkeypatch.chdir(some)
    assert cli('runs')[1] == cli('runs', some)[1]


def test_no_runs(cli, tmp_path):
    assert cli('runs', tmp_path) == (0, '', f'no runs below {tmp_path}: keep a run with train --out FOLDER\n')
    assert cli('runs', tmp_path, '--json')[1] == ''
    message = 'not a folder; name a run, or a folder with runs below it'
    assert refusal(cli, 'runs', tmp_path / 'nowhere') == f'{tmp_path / "nowhere"}: {message}'


def test_a_broken_run_is_a_line_and_the_others_are_shown(cli, some):
    (some / 'run0' / 'config.json').write_text('{')
    code, out, err = cli('runs', some)
    assert code == 0 and 'run1' in out and 'run2' in out and 'run0' not in out
    assert err.count('\n') == 1 and err.startswith(
        f'{some / "run0"}: damaged (config.json: not the configuration of a run'
    )


def test_names_of_strangers(cli, some):
    """Nothing that a terminal would obey, and no line of its own."""
    name = 'a\x1b[31m\nb\u202e'
    (some / 'run0').rename(some / name)
    (some / 'run1').rename(some / os.fsdecode(b'\xff'))
    code, out, _ = cli('runs', some)
    assert code == 0 and r'a\x1b[31m b\u202e  H=64' in out and r'\udcff' in out and out.count('\n') == 5


def test_odd_values_of_a_config(cli, some):
    """A name of white space counts as missing; a number that no float can hold is left out."""
    path = some / 'run0' / 'config.json'
    facts = json.loads(path.read_text())
    facts['config'] |= {'text_name': '\n', 'learning_rate': 10**400}
    path.write_text(json.dumps(facts))
    code, out, err = cli('runs', some)
    assert (code, err) == (0, '') and 'run0  H=64' in out
    facts = {'job': facts['config'], 'asked': {'learning_rate': 0.1, 'clip': 10**400}, 'text': {'validation': ' '}}
    path.write_text(json.dumps(facts))
    assert cli('runs', some)[0] == cli('info', some / 'run0')[0] == 0


def test_a_hundred_runs_with_long_logs(cli, tmp_path):
    """Of a log only the end is read."""
    line = json.dumps(records(1)[0]).encode() + b'\n'
    for k in range(100):
        folder = write_run(tmp_path / str(k), records(40))
        with open(folder / 'log.jsonl', 'r+b') as file:
            end = file.read()
            file.seek(30_000_000)
            file.write(b'\n' + line + end)
    out = cli('runs', tmp_path)[1]
    assert out.count('\n') == 102
