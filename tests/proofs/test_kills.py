"""SIGKILL at random moments, and at each call of a save to the system; Ctrl-C and SIGTERM."""

import signal

import pytest
from helpers import SONNETS, SUPPORT, run_python, start_python
from kept import CELLS, log_of, state_of

from fastrnn.model.places import checkpoints

RUN = ['--seed', 0, '--hidden-size', 24, '--print-every', 50, '--sample-every', 50, '--iterations', 20_000]


@pytest.mark.parametrize(
    ('name', 'how', 'least'),
    [
        pytest.param('exact', ('random', 50), 50, marks=pytest.mark.long),
        pytest.param('fast', ('random', 50), 50, marks=pytest.mark.long),
        ('exact', ('calls',), 40),
        pytest.param('fast', ('calls',), 40, marks=pytest.mark.long),
        pytest.param('fast', ('lengthened',), 20, marks=pytest.mark.long),
        *(pytest.param(name, ('random', 15), 15, marks=pytest.mark.long) for name in CELLS),
        pytest.param('lstm', ('calls',), 40, marks=pytest.mark.long),
    ],
)
def test_killed_and_resumed(tmp_path, name, how, least):
    """The bits of a run that was left alone; see kills.py."""
    result = run_python(SUPPORT / 'kills.py', tmp_path, how[0], name, *how[1:])
    assert result.returncode == 0, result.stderr.decode()
    assert int(result.stdout.split()[0]) >= least


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_signals_from_the_command_line(tmp_path, number, code):
    """Ctrl-C and SIGTERM let the iteration end and save; after either, and after SIGKILL, the run goes on."""
    run = start_python('-m', 'fastrnn', 'train', SONNETS, *RUN, '--save-every', 300, '--out', tmp_path / 'run')
    while not run.stdout.readline().startswith(b'iter 1000, loss: '):
        assert run.poll() is None
    run.send_signal(number)
    _, err = run.communicate(timeout=30)
    assert run.returncode == code
    saved = state_of(checkpoints(tmp_path / 'run')[-1])[1][3]
    if number != signal.SIGKILL:
        *losses, end = err.decode().splitlines()
        assert end == f'saved at iteration {saved:,}; go on with: fastrnn train --resume {tmp_path / "run"}'
        assert [line.split(', ')[0] for line in losses] == [f'iter {saved - 1}'] * (saved % 50 != 1)
        assert saved > 1000
    result = run_python('-m', 'fastrnn', 'train', '--resume', tmp_path / 'run', '--iterations', saved + 70)
    assert result.returncode == 0
    first, *losses = result.stderr.decode().splitlines()
    assert first == f'{tmp_path / "run"}: goes on from iteration {saved:,}'
    assert [line.split(', ')[0] for line in losses] == [f'iter {saved + 69}'] * ((saved + 70) % 50 != 1)
    whole = run_python('-m', 'fastrnn', 'train', SONNETS, *RUN[:-1], saved + 70, '--out', tmp_path / 'whole')
    assert whole.stdout.endswith(result.stdout.split(b'\n', 1)[1])
    assert log_of(tmp_path / 'run') == log_of(tmp_path / 'whole')
    ends = [checkpoints(tmp_path / name)[-1] for name in ('run', 'whole')]
    assert state_of(ends[0])[0] == state_of(ends[1])[0]
