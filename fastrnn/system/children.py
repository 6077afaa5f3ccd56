"""A process that neither signals of the terminal nor the end of its parent interrupt: how it starts, and ends."""

import os
import signal
import subprocess
import threading
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


def end_after(seconds: int) -> None:
    """End this process after that time, whatever it does."""
    if hasattr(signal, 'alarm'):
        signal.alarm(seconds)
        return
    timer = threading.Timer(seconds, os._exit, (1,))  # not while compiled code or the compiler runs: they hold the GIL
    timer.daemon = True
    timer.start()
