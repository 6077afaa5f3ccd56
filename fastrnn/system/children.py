"""Starts a background process, which survives the terminal's signals and the end of its parent."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from subprocess import DEVNULL
from typing import Any


def start_apart(command: Sequence[str], lock: int) -> 'subprocess.Popen[bytes]':
    """Start a command in a new session. It inherits only the open file ``lock``.

    On Windows it starts in a new process group without the lock, as locks are not inherited there.
    """
    apart: dict[str, Any] = {'pass_fds': [lock], 'start_new_session': True}
    if hasattr(subprocess, 'CREATE_NEW_PROCESS_GROUP'):  # Windows
        apart = {'creationflags': subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, **apart)


def end_after(seconds: int) -> None:
    """End this process after ``seconds``, whatever it is doing."""
    if hasattr(signal, 'alarm'):
        signal.alarm(seconds)
        return
    timer = threading.Timer(seconds, os._exit, (1,))  # waits for code that holds the GIL, e.g. the compiler
    timer.daemon = True
    timer.start()
