"""The warning that a model may have memorized its text."""

import pytest
from helpers import SONNETS

from fastrnn.commands.flow import NOT_KEPT
from fastrnn.training.by_heart import by_heart

FAST = ('--preset', 'fast', '--hidden-size', 32, '--seq-length', 16, '--streams', 8, '--sample-length', 0)
HINT = (
    'the model read the text 25 times, and no text is held out: it may have memorized the text; '
    'add --validation 10% to check, and to keep the best model\n'
)


@pytest.mark.parametrize(
    ('epochs', 'characters', 'parameters', 'expected'),
    [  # measured cases
        (10, 1350, 28_848, False),
        (30, 1350, 28_848, True),
        (30, 13_500, 79_418, True),
        (10, 81_000, 80_957, False),
        (30, 81_000, 80_957, True),
        (30, 81_000, 32_189, False),
        (100, 81_000, 32_189, True),
        (30, 360_000, 32_703, False),
        (1, 10**8, 10**9, False),
    ],
)
def test_when(epochs, characters, parameters, expected):
    assert by_heart(epochs, characters, parameters) == expected


def test_the_hint_is_printed(cli, tmp_path):
    """At the end, and only without held-out text; not by the gist's engines."""
    assert cli('train', SONNETS, *FAST, '--epochs', 25)[2] == f'{NOT_KEPT}\n{HINT}'
    assert cli('train', SONNETS, *FAST, '--epochs', 25, '--out', tmp_path / 'run')[2] == HINT
    for others in (('--epochs', 15), ('--epochs', 25, '--validation', 0.1), ('--epochs', 25, '--quiet')):
        assert 'by heart' not in cli('train', SONNETS, *FAST, *others)[2]
    assert 'by heart' not in cli('train', SONNETS, '--hidden-size', 32, '--iterations', 1250)[2]
