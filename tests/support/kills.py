"""Kept runs that are killed, in child processes forked from this one, so that each is at work at once.

``python kills.py FOLDER NAME,HOW,N ...``: at least N kills of each. HOW is ``random`` (at random moments), ``calls``
(at each call by which a save reaches the disk) or ``lengthened`` (the same of a complete run that gets a later end).
Whenever a run has come to its end, it must be the one that was never killed.
"""

import os
import random
import shutil
import signal
import sys
import time
from itertools import count
from pathlib import Path

import kept

import fastrnn

RANDOM = {'iterations': 150, 'save_every': 2, 'hidden_size': 24}
FEW = {**RANDOM, 'iterations': 13, 'save_every': 6, 'validate_every': 4}
LATER = {'iterations': 20, 'schedule': 'cosine'}
CALLS = ('fsync', 'replace', 'link', 'unlink', 'write', 'open')


def work(folder):
    """Begin or go on, to the end."""
    begun = (folder / 'config.json').exists()
    kept.run_to(fastrnn.resume(folder, **CHANGES) if begun else kept.begin(folder, NAME, **OPTIONS))


def killed(function, *args, after=None):
    """Run a function in a child; kill it after some seconds, if it still runs. Whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            function(*args)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, 'the run failed'
    return os.WIFSIGNALED(status)


def at_random(folder, times):
    """Kill until it has happened so many times; start another run whenever one is complete."""
    rng, kills, runs = random.Random(0), 0, 0
    while kills < times:
        run = folder / f'run{runs}'
        if killed(work, run, after=rng.uniform(0.0, 0.15)):
            kills += 1
        else:
            runs += 1
            assert kept.contents(run) == WHOLE
    work(run)
    assert kept.contents(run) == WHOLE
    return kills


def work_until(folder, call):
    """As ``work``, but killed at one of the calls to the system that the run makes."""
    calls = 0

    def counted(original):
        def function(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return function

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    work(folder)


def at_each_call(folder):
    """From the first to the last call of a short run, or of its second part."""
    kills = 0
    for call in count(1):
        run = folder / str(call)
        if CHANGES:
            shutil.copytree(folder / 'complete', run)
        if not killed(work_until, run, call):
            break
        kills += 1
        work(run)
        assert kept.contents(run) == WHOLE
    return kills


if __name__ == '__main__':
    for each in sys.argv[2:]:
        place, (NAME, how, least) = Path(sys.argv[1]) / each, each.split(',')
        OPTIONS, CHANGES = RANDOM if how == 'random' else FEW, {}
        work(place / 'whole')  # also compiles
        if how == 'lengthened':
            CHANGES = LATER
            shutil.copytree(place / 'whole', place / 'complete')
            work(place / 'whole')
        WHOLE = kept.contents(place / 'whole')
        kills = at_random(place, int(least)) if how == 'random' else at_each_call(place)
        assert kills >= int(least), f'{each}: {kills}'
        print(each, kills, flush=True)
