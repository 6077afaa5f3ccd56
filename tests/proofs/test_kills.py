"""SIGKILL at random moments, and at each call of a save to the system; Ctrl-C and SIGTERM."""

import signal

import pytest
from helpers import SONNETS, SUPPORT, run_python, start_python
from kept import CELLS, log_of, state_of

from fastrnn.model.run_files import checkpoints

pytestmark = pytest.mark.long
RUN = ['--seed', 0, '--hidden-size', 24, '--print-every', 50, '--sample-every', 50, '--iterations', 20_000]


@pytest.mark.parametrize(
    'kills',
    [
        ['exact,calls,40'],
        ['fast,random,50', 'fast,calls,40', 'fast,lengthened,20'],
        ['exact,random,50', *(f'{name},random,15' for name in CELLS)],
    ],
    ids=lambda kills: kills[0],
)
def test_killed_and_resumed(tmp_path, kills):
    """The bits of a run that was left alone; see kills.py. Calls of a save are those of any cell."""
    result = run_python(SUPPORT / 'kills.py', tmp_path, *kills, timeout=600)
    assert result.returncode == 0, result.stderr.decode()
    assert [line.split()[0] for line in result.stdout.decode().splitlines()] == kills


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
        assert end == f'saved at iteration {saved:,}; resume with: fastrnn train --resume {tmp_path / "run"}'
        assert [line.split(', ')[0] for line in losses] == [f'iter {saved - 1}'] * (saved % 50 != 1)
        assert saved > 1000
    result = run_python('-m', 'fastrnn', 'train', '--resume', tmp_path / 'run', '--iterations', saved + 70)
    assert result.returncode == 0
    first, *losses = result.stderr.decode().splitlines()
    assert first == f'{tmp_path / "run"}: resumes from iteration {saved:,}'
    assert [line.split(', ')[0] for line in losses] == [f'iter {saved + 69}'] * ((saved + 70) % 50 != 1)
    whole = run_python('-m', 'fastrnn', 'train', SONNETS, *RUN[:-1], saved + 70, '--out', tmp_path / 'whole')
    assert whole.stdout.endswith(result.stdout.split(b'\n', 1)[1])
    assert log_of(tmp_path / 'run') == log_of(tmp_path / 'whole')
    ends = [checkpoints(tmp_path / name)[-1] for name in ('run', 'whole')]
    assert state_of(ends[0])[0] == state_of(ends[1])[0]
