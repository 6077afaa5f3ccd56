"""Run folders with damaged or missing files."""

import json
from dataclasses import replace

import pytest
from helpers import SONNETS, refusal
from kept import begin, contents, run_to
from models import checkpoint_of, model_of

import fastrnn
from fastrnn.model.checkpoint import load_checkpoint, save_checkpoint
from fastrnn.model.run_files import BEST, checkpoints
from fastrnn.runs.resume import OTHER_RUN
from fastrnn.system.atomic import temporary_name

TRAIN = ('--seed', 3, '--hidden-size', 16, '--seq-length', 8, '--iterations', 60, '--save-every', 5)


@pytest.mark.parametrize('damage', ['cut', 'flip', 'foreign', 'future'])
def test_a_damaged_checkpoint(run, cli, damage):
    """The error names the one before it, which gives the same run."""
    run_to(begin(run.parent / 'whole'))
    older, last = checkpoints(run)[-2:]
    data = last.read_bytes()
    if damage == 'cut':
        last.write_bytes(data[:-1])
    elif damage == 'flip':
        last.write_bytes(data[:-500] + bytes([data[-500] ^ 1]) + data[-499:])
    elif damage == 'future':
        last.write_bytes(data.replace(b'"format":"1"', b'"format":"2"'))
    else:
        last.write_bytes((8).to_bytes(8, 'little') + b'{}      ')
    error = refusal(cli, 'train', '--resume', run)
    assert error.startswith(f'{last}: ') and error.endswith(f'; resume from the one before with --resume {older}')
    assert cli('train', '--resume', older)[0] == 0
    assert contents(run) == contents(run.parent / 'whole')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 9}, 'format 9 of a newer fastrnn: upgrade fastrnn'),
        ({'job': {'hidden_size': -1}}, 'damaged (hidden_size is -1; it must be a whole number, 1 or more)'),
        ({'job': {'no': 1}}, 'damaged ('),
        ({'job': {'segments': [['cosine', 0, 0.0]]}}, 'damaged (a segment is '),
        ({'job': {'V': -1}}, 'damaged (V is -1; '),
        ({'format': 2, 'config': {'hidden_size': -1}, 'on_divergence': 'stop'}, 'damaged (hidden_size is -1; '),
        ({'format': 2, 'config': {'no': 1}, 'on_divergence': 'stop'}, 'damaged (there is no option no)'),
        ({'format': 2, 'config': {}, 'on_divergence': 'x'}, "damaged (on_divergence is 'x'; "),
        ({'format': 2}, 'damaged ('),
        ({'text': None}, 'damaged ('),
        ({'keep': None}, 'damaged ('),
        ({'identity': None}, 'damaged ('),
        ({'text': {'files': ['x'], 'validation': ['y']}}, 'damaged ('),
        (None, 'not a run of fastrnn'),
        ('', 'damaged ('),
    ],
)
def test_a_damaged_config(run, cli, change, message):
    path = run / 'config.json'
    facts = json.loads(path.read_text())
    path.write_text(change if change == '' else json.dumps(None if change is None else facts | change))
    assert refusal(cli, 'train', '--resume', run).startswith(f'{path}: {message}')


def test_parts_of_a_run_are_not_mixed_with_another(run, cli):
    """Checkpoints without a config.json, or a log."""
    (run / 'config.json').unlink()
    message = f'{run}: has files of a run, but no config.json; name another folder'
    assert refusal(cli, 'train', SONNETS, *TRAIN, '--out', run) == message
    for path in run.glob('*.safetensors'):
        path.unlink()
    assert refusal(cli, 'train', SONNETS, *TRAIN, '--out', run) == message
    (run / 'log.jsonl').unlink()
    assert cli('train', SONNETS, *TRAIN, '--out', run)[0] == 0


def test_without_checkpoints(run, cli):
    """A run starts again from its config, unless it had got further or began from a model's weights."""
    run_to(begin(run.parent / 'whole'))
    for path in checkpoints(run):
        path.unlink()
    assert refusal(cli, 'train', '--resume', run) == (
        f'{run}: its numbered checkpoints are missing; resume from the best one with --resume {run}/best.safetensors'
    )
    (run / 'best.safetensors').unlink()
    assert refusal(cli, 'train', '--resume', run).endswith(
        'its numbered checkpoints are missing; start again in another folder'
    )
    (run / 'log.jsonl').write_text('')
    other = run.parent / 'other.txt'
    other.write_text('another text ' * 20)
    assert f'{other}: changed since the run (996 characters then, ' in refusal(cli, 'train', other, '--resume', run)
    run_to(fastrnn.resume(run))
    assert contents(run) == contents(run.parent / 'whole')
    tuned = run.parent / 'tuned'
    begin(tuned, weights=fastrnn.load_model(run)).close()
    for path in tuned.glob('*.safetensors'):
        path.unlink()
    error = refusal(cli, 'train', '--resume', tuned)
    assert error == f'{tuned}: stopped before its first checkpoint; start again in another folder'


def test_a_damaged_best(run, cli):
    best = run / 'best.safetensors'
    best.write_bytes(best.read_bytes()[:-9])
    error = refusal(cli, 'train', '--resume', best)
    assert error.startswith(f'{best}: ') and error.endswith(
        f'; resume from the one before with --resume {checkpoints(run)[-1]}'
    )
    code, _, err = cli('eval', run, SONNETS)
    assert code == 2 and err.endswith(f'; another is there: {checkpoints(run)[-1]}\n')
    best.unlink()
    older, last = checkpoints(run)[-2:]
    last.write_bytes(last.read_bytes()[:-9])
    code, _, err = cli('eval', run, SONNETS)
    assert code == 2 and err.startswith(f'error: {last}: damaged') and err.endswith(f'; another is there: {older}\n')


def test_a_checkpoint_of_another_cell(run, cli):
    """All else is this run's."""
    kept = load_checkpoint(checkpoints(run)[-1])
    model = model_of(kept.model.chars, 16, 'float64', 'gru', 2)
    state = replace(checkpoint_of(model, 'adagrad', streams=1).state, iteration=kept.state.iteration)
    config = kept.config | {'cell': 'gru', 'layers': 2}
    save_checkpoint(checkpoints(run)[-1], replace(kept, model=model, state=state, config=config))
    error = refusal(cli, 'train', '--resume', run)
    assert error == f'{checkpoints(run)[-1]}: differs from config.json (cell, layers); {OTHER_RUN}'


def test_an_edited_config(run, cli):
    """With another shape than the checkpoint."""
    facts = json.loads((run / 'config.json').read_text())
    facts['job']['hidden_size'] = 17
    (run / 'config.json').write_text(json.dumps(facts))
    assert refusal(cli, 'train', '--resume', run).endswith(f'differs from config.json (hidden_size); {OTHER_RUN}')


@pytest.mark.parametrize(('name', 'value'), [('cell', 'gru'), ('layers', 1)])
def test_an_edited_architecture(tmp_path, cli, name, value):
    folder = run_to(begin(tmp_path / 'run', 'lstm'), 9).folder.path
    facts = json.loads((folder / 'config.json').read_text())
    facts['job'][name] = value
    (folder / 'config.json').write_text(json.dumps(facts))
    assert refusal(cli, 'train', '--resume', folder).endswith(f'differs from config.json ({name}); {OTHER_RUN}')


OWN = ('checkpoint-000000030.safetensors', 'checkpoint-1234567890.safetensors', BEST, 'config.json', 'log.jsonl')
OWN += ('log.superseded', 'log.superseded-2')
OF_OTHERS = (
    '.draft.safetensors.bak',  # a user file
    '.best.safetensors.swp',  # a swap file of an editor
    '.checkpoint-000000030.safetensors.Xh3k9Q',  # a file that rsync is still copying
    '.config.json.swp',
    '.log.jsonl.swx',
    '.mine.safetensors.0123456789abcdef',
    '.checkpoint-30.safetensors.0123456789abcdef',
    '.config.json.0123456789ABCDEF',
    '.config.json.0123456789abcdef0',
    '..config.json.0123456789abcdef',
    'config.json.0123456789abcdef',
    '.config.json.0123456789abcdef\n',
    'checkpoint-000000030.superseded',
)


def test_remains_of_a_killed_save(run):
    """Removed by their exact names, which only saves of a run's own files use."""
    left = [temporary_name(run / name) for name in OWN]
    others = [run / name for name in OF_OTHERS]
    for path in (*left, *others):
        path.write_bytes(b'half')
    folder, link = (temporary_name(run / BEST) for _ in range(2))
    folder.mkdir()
    link.symlink_to(others[0])
    run_to(fastrnn.resume(run))
    assert [path for path in left if path.exists()] == []
    assert [path for path in others if path.read_bytes() != b'half'] == []
    assert folder.is_dir() and link.is_symlink()


def test_an_incomplete_line_of_the_log(run):
    run_to(begin(run.parent / 'whole'))
    with open(run / 'log.jsonl', 'a') as log:
        log.write('{"iteration": 29, "lo')
    run_to(fastrnn.resume(run))
    assert contents(run) == contents(run.parent / 'whole')
