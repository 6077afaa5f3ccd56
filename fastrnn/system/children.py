"""How a process is started that neither signals of the terminal nor the end of its parent interrupt."""

import subprocess
from collections.abc import Sequence
from subprocess import DEVNULL
from typing import Any


def start_apart(command: Sequence[str], lock: int) -> 'subprocess.Popen[bytes]':
    """In a session of its own, with nothing open but ``lock``, an open file that it keeps.

    On Windows in a group of its own, without the lock: locks are not inherited there.
    """
    apart: dict[str, Any] = {'pass_fds': [lock], 'start_new_session': True}
    if hasattr(subprocess, 'CREATE_NEW_PROCESS_GROUP'):  # Windows
        apart = {'creationflags': subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, **apart)
