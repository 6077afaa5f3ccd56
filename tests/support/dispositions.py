"""What a test's process does on a signal, whoever started pytest; ``tests/conftest.py`` imports the hook.

A job that a script starts in the background ignores SIGINT, and its children inherit that.
"""

import signal
import threading
from contextlib import contextmanager

import pytest

NAMES = ('INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2', 'XCPU', 'ALRM', 'CHLD', 'PIPE')
PYTHONS = {'SIGINT': signal.default_int_handler, 'SIGPIPE': signal.SIG_IGN}  # of a Python that was just started
USUAL = {
    getattr(signal, f'SIG{name}'): PYTHONS.get(f'SIG{name}', signal.SIG_DFL)
    for name in NAMES
    if hasattr(signal, f'SIG{name}')
}


@contextmanager
def usual_dispositions():
    """No signal is ignored, blocked or handled but as in a Python that a shell starts; afterwards as before."""
    if threading.current_thread() is not threading.main_thread():  # which may not change them
        yield
        return
    before = {number: signal.signal(number, usual) for number, usual in USUAL.items()}
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, USUAL) if hasattr(signal, 'pthread_sigmask') else None
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around fixtures of all scopes
def pytest_runtest_protocol():
    with usual_dispositions():
        return (yield)
