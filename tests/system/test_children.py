"""Background processes."""

import os
import signal
import subprocess
import sys

import pytest
from helpers import run_python

from fastrnn.system.children import start_apart


def test_starts_a_new_session_with_one_open_file(tmp_path):
    with open(tmp_path / 'lock', 'w') as lock, open(tmp_path / 'other', 'w') as other:
        os.set_inheritable(other.fileno(), True)
        code = 'import os, sys; os.fstat(int(sys.argv[1])); os.getsid(0) == os.getpid() or sys.exit(2)\n'
        code += 'try: os.fstat(int(sys.argv[2]))\nexcept OSError: sys.exit(7)'
        numbers = map(str, (lock.fileno(), other.fileno()))
        assert start_apart([sys.executable, '-c', code, *numbers], lock.fileno()).wait() == 7


def test_starts_a_new_group_on_windows(monkeypatch):
    monkeypatch.setattr(subprocess, 'CREATE_NEW_PROCESS_GROUP', 0x200, raising=False)
    monkeypatch.setattr(subprocess, 'Popen', lambda command, **options: options)
    options = start_apart(['command'], 5)
    assert options.pop('creationflags') == 0x200 and set(options.values()) == {subprocess.DEVNULL}


@pytest.mark.parametrize('hidden', ['', 'del signal.alarm'])
def test_ends_a_busy_process(hidden):
    code = f'import signal, time\n{hidden}\nfrom fastrnn.system.children import end_after\nend_after(1)\ntime.sleep(60)'
    assert run_python('-c', code).returncode == (1 if hidden else -signal.SIGALRM)
