"""``fastrnn info``."""

import json
import shutil

import pytest
from helpers import ROOT, SONNETS, refusal

import fastrnn
from fastrnn import __version__
from fastrnn.engines import diagnosis
from fastrnn.model.run_files import BEST
from fastrnn.settings.options import TABLE
from fastrnn.system import limits, outputs


def test_info(cli):
    code, out, err = cli('info')
    assert (code, err) == (0, '')
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert facts['fastrnn'] == __version__
    assert facts['bits'].startswith('identical to the reference: ')
    assert {'python', 'numpy', 'numba', 'processor', 'gemv', 'tanh', 'exp', 'log', 'kernels'} <= set(facts)


def test_info_shows_limits_and_whose_they_are(cli, monkeypatch):
    monkeypatch.setattr(limits, 'quota', lambda *_: limits.Count(1, 'cgroup v2, /sys/fs/cgroup/cpu.max: 0.5'))
    monkeypatch.setattr(limits, 'allowed', lambda: limits.Count(8, 'this machine'))
    monkeypatch.setattr(limits, 'memory', lambda *_: limits.Memory(4 * 10**9, 10**9, 'ulimit -v'))
    monkeypatch.setattr(limits, 'tasks', lambda *_: limits.Count(25, 'cgroup v2, /sys/fs/cgroup/pids.max: 40'))
    monkeypatch.setattr(diagnosis, 'physical', lambda: 4)
    out = cli('info')[1]
    assert 'cores        4, of 8 processors with hyperthreads\n' in out
    assert 'processors   1 (cgroup v2, /sys/fs/cgroup/cpu.max: 0.5)\n' in out
    assert 'memory       3.0 GB of 4.0 GB are free (ulimit -v)\n' in out
    assert 'tasks        25 more threads or processes (cgroup v2, /sys/fs/cgroup/pids.max: 40)\n' in out


def test_info_where_bits_differ(cli, portable):
    code, out, _ = cli('info')
    assert code == 0 and 'bits         NOT identical: ' in out and 'portable (FASTRNN_PORTABLE=1)' in out


def test_this_machine_as_json(cli):
    facts = json.loads(cli('info', '--json')[1])
    assert facts['fastrnn'] == __version__ and facts['bits'].startswith('identical to the reference: ')


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """By the preset, so that there are reasons of all kinds; nothing that it decides depends on the clock."""
    folder = tmp_path_factory.mktemp('info') / 'run'
    text = ROOT / 'data' / 'sonnets.txt'
    options = {'preset': 'fast', 'iterations': 9, 'seed': 3, 'hidden_size': 8, 'dropout': 0.25}
    with fastrnn.start(folder, text, validation=0.1, **options) as session:
        list(session)
    return folder


def test_a_run(cli, run):
    """Options, decisions and reasons: each option and each reason once."""
    code, out, err = cli('info', run)
    assert (code, err) == (0, '')
    facts = dict(line.split(maxsplit=1) for line in out.splitlines() if line[0] != ' ')
    asked = {'--validation 10%', '--preset fast', '--iterations 9', '--seed 3', '--hidden-size 8', '--dropout 0.25'}
    assert {f'--{option}'.strip() for option in facts['options'].split('--')[1:]} == asked
    assert facts['status'].startswith('finished: iteration 9, epoch ') and facts['model'] == 'gru H=8, engine batched'
    assert facts['text'].startswith('sonnets.txt: ') and facts['version'] == __version__
    assert facts['validation'].endswith(' bits per character, on the whole held-out text')
    decided = out[out.index('\ndecided') :]
    reasons = [line.rpartition(' (')[2] for line in decided.splitlines() if line]
    assert len(set(reasons)) == len(reasons) and 'the preset fast)' in reasons
    told = [name for name in TABLE if f' {name.replace("_", " ")} ' in decided.replace(',', ' ,').replace('\n', ' ')]
    assert 'optimizer' in told and {'seed', 'hidden_size', 'dropout', 'iterations'}.isdisjoint(told)
    assert json.loads(cli('info', run, '--json')[1])['reasons']['optimizer'] == 'the preset fast'


def test_options_of_the_text(cli, run, tmp_path):
    """All that a run needs to be trained again: also how its text was read."""
    folder = shutil.copytree(run, tmp_path / 'run')
    facts = json.loads((folder / 'config.json').read_text())
    facts['text'] |= {'validation': '/somewhere/my held out.txt', 'skip_unknown': True, 'unit': 'byte', 'errors': 7}
    (folder / 'config.json').write_text(json.dumps(facts))
    out = ' '.join(cli('info', folder)[1].split())
    assert "--unit byte --skip-unknown --validation 'my held out.txt' decided" in out


def test_runs_of_earlier_versions(cli):
    """They stored no reasons."""
    out = cli('info', ROOT / 'tests' / 'proofs' / 'runs_of_0.1.0' / 'exact')[1]
    assert '\noptions      --hidden-size 6 ' in out and '\ndecided      ' in out and '()' not in out


def test_a_model_with_its_state(cli, run):
    out = cli('info', run / BEST)[1]
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    model = fastrnn.load_model(run / BEST)
    assert facts['cell'] == f'gru; layers 1, H 8, V {model.params.V}'
    assert facts['parameters'] == f'{model.params.architecture.parameters:,} in float32'
    assert facts['characters'].startswith("\\n !',") and facts['bits'].endswith(', on held-out text')
    assert facts['optimizer'].startswith('adam, state in the file')


def test_a_checkpoint_in_its_run_folder(cli, tmp_path):
    """The run knows more: its version, and the best model's bits on the whole held-out text."""
    options = {'validate_part': 50, 'validate_every': 10, 'iterations': 400, 'hidden_size': 8, 'seed': 1}
    options |= {'learning_rate': 0.3, 'schedule': 'constant', 'patience': 100}
    with fastrnn.start(tmp_path / 'run', SONNETS, validation=0.2, preset='fast', **options) as session:
        list(session)
    best = json.loads(cli('info', tmp_path / 'run' / BEST, '--json')[1])
    assert best['iterations'] < 400  # so that the last validation, of all of the text, is not in this file
    run = json.loads(cli('info', tmp_path / 'run', '--json')[1])
    assert best['bits'] == round(run['validation'], 4) and best['part'] is None and best['version'] == __version__
    (tmp_path / BEST).write_bytes((tmp_path / 'run' / BEST).read_bytes())
    out = cli('info', tmp_path / BEST)[1]
    assert 'on 50 characters of held-out text\n' in out and '\nversion      not known\n' in out


def test_a_model_without_its_state(cli, run, tmp_path):
    """As train --save writes it; of bytes, with a table."""
    text = tmp_path / 'text'
    text.write_bytes(bytes(range(256)) * 9)
    options = {'unit': 'byte', 'ngrams': 3, 'ngram_rows': 64, 'iterations': 2, 'hidden_size': 8, 'engine': 'batched'}
    training = fastrnn.train([text], **options)
    list(training)
    training.save(tmp_path / 'model')
    out = cli('info', tmp_path / 'model')[1]
    assert 'n-grams      64 rows for each number of bytes from 2 to 3\n' in out
    assert f', {2 * 64 * 256:,} of them in the n-gram table\n' in out
    assert '\nbytes        \\x00\\x01' in out and '\\t\\n\\x0b' in out and '[\\\\]' in out and '\\x7f\\x80' in out
    assert 'not in the file: train --from can use the weights, but' in out
    facts = json.loads(cli('info', tmp_path / 'model', '--json')[1])
    assert (facts['resumable'], facts['optimizer'], facts['unit'], len(facts['chars'])) == (False, None, 'byte', 256)


@pytest.mark.parametrize('columns', [80, 50])
def test_terminals(cli, run, monkeypatch, columns):
    monkeypatch.setattr(outputs, 'columns', lambda: columns)
    for what in (run, run / BEST):
        assert max(len(line) for line in cli('info', what)[1].splitlines() if '/' not in line) <= columns


def test_a_folder_with_a_model_alone(cli, run, tmp_path):
    (tmp_path / BEST).write_bytes((run / BEST).read_bytes())
    assert cli('info', tmp_path)[1].startswith(f'model        {tmp_path / BEST}, ')


def test_what_is_neither(cli, tmp_path, run):
    assert 'has no config.json; name a folder made by fastrnn train --out' in refusal(cli, 'info', tmp_path)
    assert 'No such file or directory' in refusal(cli, 'info', tmp_path / 'nowhere')
    assert 'not a model' in refusal(cli, 'info', run / 'config.json')
    data = bytearray((run / BEST).read_bytes())
    data[-1] ^= 1
    (tmp_path / 'damaged').write_bytes(data)
    assert 'damaged' in refusal(cli, 'info', tmp_path / 'damaged')
