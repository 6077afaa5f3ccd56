"""``fastrnn info``."""

from fastrnn import __version__
from fastrnn.engines import diagnosis
from fastrnn.system import limits


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
    assert 'memory       3.0 GB of 4.0 GB are left (ulimit -v)\n' in out
    assert 'tasks        25 more threads or processes (cgroup v2, /sys/fs/cgroup/pids.max: 40)\n' in out


def test_info_where_bits_differ(cli, portable):
    code, out, _ = cli('info')
    assert code == 0 and 'bits         NOT identical: ' in out and 'portable (FASTRNN_PORTABLE=1)' in out
