"""Options as users type them, and suggestions for unknown names, in one line."""

import pytest
from helpers import SONNETS, refusal

SMALL = ('--seed', 0, '--iterations', 0)


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('train', SONNETS, '--hiden-size', 8), 'there is no option --hiden-size: did you mean --hidden-size?'),
        (('train', SONNETS, '--lr=0.1'), 'there is no option --lr: did you mean --learning-rate?'),
        (('train', SONNETS, '--batch_size', 3), 'there is no option --batch_size: did you mean --streams?'),
        (('train', SONNETS, '--device', 'cpu'), 'there is no option --device: fastrnn runs on the CPU'),
        (('train', SONNETS, '-lr', 1), 'there is no option -lr: did you mean --learning-rate?'),
        (('train', SONNETS, '-out', 'x'), 'there is no option -out: did you mean --out?'),
        (('train', SONNETS, '-q'), 'there is no option -q: did you mean --quiet?'),
        (('train', SONNETS, '-rx'), 'there is no option -rx: see fastrnn train --help'),
        (('train', '--data_dir', SONNETS), 'there is no option --data_dir: give the files without it'),
        (('train', SONNETS, '--seed'), '--seed needs a value: see fastrnn train --help'),
        (
            ('train', SONNETS, '--out', '--seed', 0),
            '--out needs a value, but the option --seed follows: see fastrnn train --help',
        ),
        (('train', SONNETS, '--time', 1, 'h'), '--time 1 h: write 1h, without a space'),
        (('cache', 'clear', '--to', 1, 'GB'), '--to 1 GB: write 1GB, without a space'),
        (('sample', '--model', 'x'), 'there is no option --model: give the model without it'),
        (('sample', 'x', '--temp', 1), 'there is no option --temp: did you mean --temperature?'),
        (('score', 'x', 'y', '--htm', 'z'), 'there is no option --htm: did you mean --html?'),
        (('eval', 'x', 'y', '--zzz'), 'there is no option --zzz: see fastrnn eval --help'),
        (('plot', 'x', '--output', 'y'), 'there is no option --output: did you mean --out?'),
        (('cache', '--jsn'), 'there is no option --jsn: did you mean --json?'),
        (('cache', 'claer'), 'there is no command claer: did you mean clear?'),
        (('cache', 'zzz'), 'there is no command zzz: the only command is clear'),
        (('sample',), "missing argument 'MODEL': see fastrnn sample --help"),
        (('info', 'a', 'zzz'), 'unexpected extra argument (zzz): see fastrnn info --help'),
        (('describe', 'a'), 'there is no command describe: did you mean info?'),
        (('--verison',), 'there is no option --verison: did you mean --version?'),
        (('ls', 'x'), 'there is no command ls: did you mean runs?'),
        (('status',), 'there is no command status: did you mean runs?'),
        (('trian', SONNETS), 'there is no command trian: did you mean train?'),
        (
            ('zzz',),
            'there is no command zzz: the commands are cache, eval, export, info, plot, runs, sample, score, train',
        ),
    ],
)
def test_suggestions(cli, args, message):
    assert refusal(cli, *args) == message


def test_spellings_that_are_read(cli):
    """Hyphens or underscores, choices in capitals; values may start with a hyphen, names may be any."""
    plain = cli('train', SONNETS, '--hidden-size', 8, '--preset', 'reference', *SMALL)
    assert plain[0] == 0
    assert cli('train', SONNETS, '--hidden_size=8', '--preset', 'Reference', '--engine', 'EXACT', *SMALL) == plain
    assert cli('train', *SMALL, '--unit', 'Character', '--errors', 'Strict', '--hidden_size', 8, '--', SONNETS) == plain
    assert 'from -1' not in refusal(cli, 'train', SONNETS, '--seed', -1)
    assert 'x: No such file' in refusal(cli, 'sample', 'x', '--prime', '-out')


def test_choices_in_capital_letters(cli):
    args = ('train', SONNETS, '--preset', 'FAST', '--cell', 'LSTM', '--layers', 1, '--hidden-size', 8, '--streams', 2)
    args += ('--dtype', 'Float64', '--optimizer', 'AdaM', '--schedule', 'Cosine', '--init', 'Scaled', *SMALL)
    code, out, _ = cli(*args, '--learning-rate', 0.01, '--dropout', 0, '--seq-length', 8)
    assert code == 0 and 'adam at 0.01, lstm H=8, T=8, 2 streams, float64' in out
