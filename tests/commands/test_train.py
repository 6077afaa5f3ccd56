"""``fastrnn train`` with run folders, old weights, JSON and terminals."""

import json
import re
import signal
import sys

import numpy as np
import pytest
from helpers import SONNETS
from kept import log_of, state_of, without_times
from screens import Terminal

import fastrnn
from fastrnn.commands.flow import NOT_KEPT, agreed
from fastrnn.model.run_files import checkpoints
from fastrnn.parallel.group import Processes

FIXED = [
    '--hidden-size',
    '--seed',
    '--learning-rate',
    '--streams',
    '--min-count',
    '--from',
    '--cell',
    '--layers',
    '--dropout',
]
SMALL = ('--hidden-size', 16, '--seq-length', 8, '--seed', 0, '--sample-length', 20)
FAST = ('--preset', 'fast', '--streams', 4, *SMALL, '--cell', 'rnn')


def test_standard_output_stays_the_gists(cli, tmp_path):
    """With a run folder too: notes and validations go to standard error."""
    args = ('train', SONNETS, *SMALL, '--iterations', 250)
    expected = cli(*args)
    code, out, err = cli(*args, '--out', tmp_path / 'run')
    assert (code, out, f'{NOT_KEPT}\n{err}') == expected
    assert err == 'iter 249, loss: ' + err.split()[-1] + '\n'
    code, out, err = cli(*args, '--validation', 0.1, '--validate-every', 100, '--out', tmp_path / 'two')
    assert re.fullmatch(r'(validation \d\.\d{3} bits per character\n){3}iter 249, loss: \d+\.\d{6}\n', err)


@pytest.mark.parametrize('args', [SMALL, FAST])
def test_json(cli, tmp_path, args):
    """One record per line on standard output, the same as in the log; nothing else."""
    run = tmp_path / 'run'
    args = (*args, '--validation', 0.1, '--validate-every', 40, '--iterations', 120)
    code, out, err = cli('train', SONNETS, *args, '--out', run, '--json')
    assert (code, err) == (0, '')
    records = [json.loads(line) for line in out.splitlines()]
    assert [without_times(record) for record in records] == log_of(run)
    last = records[-1]
    assert last['iteration'] == 120 and last['validation'] and last['best'] <= last['validation']
    assert last['characters'] == 120 * 8 * (4 if 'fast' in args else 1)
    assert last['epoch'] > 0 and last['seconds'] > 0 and last['learning_rate'] > 0
    assert last['characters_per_second'] > 0 and 0 < last['train'] < 7
    assert cli('train', '--resume', run, '--json', '--iterations', 121)[1].count('\n') == 1


def test_quiet(cli, tmp_path):
    for args in (SMALL, FAST, (*SMALL, '--validation', 0.1)):
        assert cli('train', SONNETS, *args, '--iterations', 30, '--quiet') == (0, '', '')
    run = tmp_path / 'run'
    assert cli('train', SONNETS, *SMALL, '--iterations', 30, '--quiet', '--out', run) == (0, '', '')
    assert cli('train', '--resume', run, '--quiet') == (0, '', '')
    assert cli('train', 'nowhere', '--quiet')[0] == 2


@pytest.mark.parametrize('old', [SMALL, FAST])
@pytest.mark.parametrize('new', [SMALL[2:], FAST[:4] + FAST[6:]])
def test_from_old_weights(cli, tmp_path, old, new):
    """With both engines; new characters are reported, and resuming works with them."""
    text = tmp_path / 'text.txt'
    text.write_text('Übermut tut 3-mal gut\n' * 20, encoding='utf-8')
    assert cli('train', SONNETS, *old, '--iterations', 40, '--out', tmp_path / 'old')[0] == 0
    run = tmp_path / 'run'
    code, _, err = cli('train', '--from', tmp_path / 'old', text, *new, '--iterations', 20, '--out', run)
    assert code == 0
    assert [line for line in err.splitlines() if not line.startswith('iter 19, loss: ')] == [
        "starting from the model's weights (16 hidden units)",
        '2 characters are not in the model and get new weights: 3 (U+0033), Ü (U+00DC)',
        '30 characters of the model do not occur in the text',
    ]
    code, _, err = cli('train', '--resume', run, '--iterations', 30)
    lines = [line for line in err.splitlines() if not line.startswith('iter 29, loss: ')]
    cycle = '; starts a new learning-rate cycle (peak 0.00795), until iteration 30'
    assert code == 0 and lines == [f'{run}: resumes from iteration 20{cycle if "fast" in new else ""}']
    assert state_of(checkpoints(run)[-1])[1][3] == 30
    assert set(fastrnn.load_model(run).chars) == set(SONNETS.read_text(encoding='utf-8')) | {'3', 'Ü'}
    assert cli('eval', run, SONNETS)[0] == cli('eval', run, text)[0] == 0


def test_from_old_weights_without_a_folder(cli, tmp_path):
    model = tmp_path / 'model'
    cli('train', SONNETS, *SMALL, '--iterations', 400, '--save', model)
    before = fastrnn.evaluate(fastrnn.load_model(model), [SONNETS]).bits_per_character
    code, out, _ = cli('train', SONNETS, '--from', model, '--seed', 1, '--iterations', 1, '--json')
    assert code == 0 and json.loads(out)['loss'] / 25 / np.log(2) < before + 1


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        ((), 'no text: name a text file, or resume a run with --resume FOLDER'),
        ((SONNETS, '--keep', 3), '--keep needs a run folder: add --out FOLDER'),
        ((SONNETS, '--save-every', 3), '--save-every needs a run folder: add --out FOLDER'),
        ((SONNETS, '--on-divergence', 'stop'), '--on-divergence needs a run folder: add --out FOLDER'),
        ((SONNETS, '--out', 'run', '--keep', 0), 'keep is 0; it must be a whole number, 1 or more'),
        ((SONNETS, '--out', 'run', '--save-every', 0), 'save_every is 0; it must be a whole number, 1 or more'),
        ((SONNETS, '--out', 'run', '--on-divergence', 'x'), "on_divergence is 'x'; it must be one of rollback, stop"),
        (
            (SONNETS, '--out', 'run', '--from', 'x'),
            'x: No such file or directory; name a model that fastrnn train made',
        ),
        (('--resume', 'x'), 'x: not a run folder; start a run with: fastrnn train FILE --out x'),
    ],
)
def test_refused(cli, tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    assert cli('train', *args) == (2, '', f'error: {message}\n')
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('option', FIXED)
def test_options_that_resume_refuses(cli, tmp_path, option):
    cli('train', SONNETS, *SMALL, '--iterations', 3, '--out', tmp_path / 'run')
    code, out, err = cli('train', '--resume', tmp_path / 'run', option, 7)
    assert (code, out) == (2, '')
    assert err.startswith(f"error: {option} can't be changed when a run is resumed; ")


@pytest.mark.parametrize(
    ('ends', 'given', 'words'),
    [
        (('--iterations', 70), (), '70 iterations {}--iterations 70 {} 70 {} --iterations 140'),
        (('--iterations', 70), ('--iterations', 20), '70 iterations {}--iterations 20 {} 20 {} --iterations 90'),
        (('--epochs', 2), ('--epochs', 0.5), r'2\.0 epochs {}--epochs 0.5 {} 0.5 {} --epochs 3'),
        (('--time', '0.2s'), (), r'0\.\d s {}--time 0.2s {} 0.2s {} --time 1s'),
        (('--iterations', 70), ('--time', '1e-9'), r'\d\.\d s {}--time 1e-09s {} 1e-09s {} --time [1-9]s'),
    ],
)
def test_a_complete_run(cli, tmp_path, ends, given, words):
    """Prints what is used up, what the option counts and what to type; the run's own end stays until then."""
    run = tmp_path / 'run'
    cli('train', SONNETS, *SMALL, *ends, '--out', run)
    before = (run / 'config.json').read_bytes(), log_of(run)
    code, out, err = cli('train', '--resume', run, *given)
    assert (code, out) == (0, '')
    words = words.format(r'\(', r"counts from the run's start\); to train", f'more: fastrnn train --resume {run}')
    assert re.fullmatch(f'{run}: the run is complete after {words}\n', err), err
    assert ((run / 'config.json').read_bytes(), log_of(run)) == before
    _, _, *args = err.split('more: ')[1].split()
    code, out, err = cli(*('train', *args))
    assert code == 0 and out and 'resumes from iteration' in err


def test_the_last_loss_in_json(cli, tmp_path):
    """If the run stops between two reports; also in its log. Iterations are completed ones."""
    code, out, err = cli('train', SONNETS, *SMALL, '--iterations', 250, '--json', '--out', tmp_path / 'run')
    records = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, '') and [record['iteration'] for record in records] == [1, 101, 201, 250]
    assert [without_times(record) for record in records] == log_of(tmp_path / 'run')


def test_a_signal_during_the_check(monkeypatch):
    """It is handled at the next check: a batch system sends only one."""
    signals = []

    class Alone(Processes):
        def agree(self, value):
            signals.append(signal.SIGTERM)
            return value

    monkeypatch.setattr('fastrnn.commands.flow.processes', Alone)
    assert not agreed(signals) and signals == [signal.SIGTERM]


@pytest.mark.parametrize(
    ('columns', 'words'),
    [
        ('80', r'/s .* bits .*val \d'),
        ('160', r'characters/s .* bits per character .*validation \d\.\d{3}, best \d\.\d{3}'),
    ],
)
def test_narrow_terminals(cli, monkeypatch, columns, words):
    terminal = Terminal()
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', columns)
    monkeypatch.setattr(sys, 'stderr', terminal)
    cli('train', SONNETS, *FAST, '--iterations', 300, '--validation', 0.1, '--validate-every', 100)
    assert re.search(words, terminal.getvalue())
    assert '…' not in terminal.getvalue()
