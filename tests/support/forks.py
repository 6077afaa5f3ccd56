"""What a fork of this process sees, while another thread holds a lock."""

import os
import signal
import threading
import traceback
from contextlib import contextmanager

LONGEST = 60  # seconds, after which a fork that hangs is ended


def in_a_fork(call):
    """What ``call()`` returns in a fork, as a string."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(LONGEST)
            os.write(write, str(call()).encode())
            code = 0
        except BaseException:
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(write)
    with open(read) as pipe:
        told = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, told or 'it hangs'
    return told


@contextmanager
def held_elsewhere(lock):
    """Another thread holds a lock."""
    taken, done = threading.Event(), threading.Event()

    def hold():
        with lock:
            taken.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


def refusals(calls):
    """Of each of some calls, by name, what it refuses with; else ''."""
    found = {}
    for name, call in calls.items():
        try:
            call()
            found[name] = ''
        except ValueError as error:
            found[name] = str(error)
    return found
