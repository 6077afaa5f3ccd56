"""Runs that are interrupted by real SIGINTs at random moments and gone on with, in one process.

``python interrupts.py FOLDER NAME WAY,THREADS,N ...``: at least N interrupts, of each way. Records, log and checkpoints
must be those of the run that was left alone. Ways: ``session`` (kept in a folder), ``memory`` (fastrnn.train),
``thread`` (trained in another thread than the one that is interrupted), ``two`` (two sessions at once, by turns),
``texts`` (samples of a model), ``calls`` (scores, and the encoding of a text).
"""

import os
import random
import shutil
import signal
import sys
import threading
from math import ceil
from pathlib import Path

import kept
from helpers import SONNETS

import fastrnn

SIZES = {'hidden_size': 48, 'seq_length': 12, 'print_every': 60, 'sample_every': 200, 'validate_every': 400}
SIZES |= {'save_every': 300, 'sample_length': 30}
FIRST = {'calls': 40}  # iterations of a way's first round; of the others 400


def due(value):
    """Records between two reports come by the clock."""
    return isinstance(value, str) or value.report or value.sample is not None or value.validation is not None


class Interrupting:
    """Sends SIGINT to this process every few milliseconds, while it is entered and ``until_done`` calls."""

    def __init__(self):
        self.sent, self.caught = 0, 0
        self.pause, self.growth = 0.01, 1.0  # seconds, at most, and by how much longer after each interrupt
        self._rng, self._stop = random.Random(0), threading.Event()
        self._armed, self._sending = False, threading.Lock()
        self._thread = threading.Thread(target=self._send)

    def _send(self):
        while not self._stop.wait(self._rng.uniform(0.001, self.pause)):
            with self._sending:
                if self._armed:
                    self.sent += 1
                    os.kill(os.getpid(), signal.SIGINT)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _settle(self):
        """What was sent has come, once this returns."""
        with self._sending:
            pass

    def until_done(self, function):
        """What a function returns, which is called again after each interrupt. None comes anywhere else: in a clause
        that handles another one, it would end the script."""
        while True:
            try:
                self._armed = True
                result = function()
                self._armed = False
                self._settle()
                return result
            except KeyboardInterrupt:
                self._armed = False
                self.caught += 1
                self.pause *= self.growth
            try:
                self._settle()
            except KeyboardInterrupt:
                self.caught += 1

    def through(self, iterator, other=(), of_other=None):
        """All that an iterator gives, going on after each interrupt; a value of another one after each of them."""
        out = []

        def gather():
            for value in iterator:
                out.append(value)
                for another in other:
                    of_other.append(another)
                    break

        self.until_done(gather)
        return [value for value in out if due(value)]


def begun(folder, iterations):
    return kept.begin(folder, NAME, **SIZES, iterations=iterations, threads=THREADS)


def session(folder, sender, iterations):
    run = begun(folder / 'run', iterations)
    with sender:
        records = sender.through(run)
    run.close()
    return records, kept.contents(folder / 'run')


def memory(folder, sender, iterations):
    options = kept.options_of(NAME, **SIZES, iterations=iterations, threads=THREADS)
    run = fastrnn.train(SONNETS, validation=0.2, **options)
    with sender:
        records = sender.through(run)
    return records, run.model


def thread(folder, sender, iterations):
    run, records, done = begun(folder / 'run', iterations), [], threading.Event()

    def work():
        records.extend(run)
        done.set()

    threading.Thread(target=work).start()

    def wait():  # joining is no way: an interrupted join takes the thread for ended
        while not done.is_set():
            done.wait(0.01)

    with sender:
        sender.until_done(wait)
    run.close()
    return list(filter(due, records)), kept.contents(folder / 'run')


def two(folder, sender, iterations):
    """By turns, until the first is over."""
    one, other = (begun(folder / name, iterations) for name in ('one', 'other'))
    of_other = []
    with sender:
        of_one = sender.through(one, other, of_other)
        of_other += sender.through(other)
    for run in (one, other):
        run.close()
    records = [list(filter(due, records)) for records in (of_one, of_other)]
    return records, [kept.contents(folder / name) for name in ('one', 'other')]


def texts(folder, sender, iterations):
    model = fastrnn.train(SONNETS, **kept.options_of(NAME, iterations=200)).watch()
    one = fastrnn.sample(model, iterations * 40, seed=0, prime='Shall I compare thee ' * 200)
    many = fastrnn.samples(model, 40, iterations, seed=0, threads=THREADS)
    with sender:
        one, many = sender.through(one), sender.through(many)
    return ''.join(one), many


def calls(folder, sender, iterations):
    """Functions that give a result or nothing: each is called until it has given one."""
    text, model = SONNETS.read_text(encoding='utf-8') * 2, fastrnn.train(SONNETS, **kept.options_of(NAME)).watch()
    (folder / 'text').write_text(text, encoding='utf-8')
    functions = [
        lambda: fastrnn.evaluate(model, text[:2000]),
        lambda: fastrnn.surprisals(model, text).bits.tobytes(),
        lambda: fastrnn.open_corpus(folder / 'text', cache=folder / 'cache').ids.tobytes(),
        lambda: delete(folder / 'cache'),
        lambda: fastrnn.states(model, text).h.tobytes(),
    ]
    results = []

    def call():
        while len(results) < iterations:
            results.append(functions[len(results) % len(functions)]())

    sender.growth = 1.1  # a call has to fit in between
    with sender:
        sender.until_done(call)
    assert not list((folder / 'cache').glob('corpora/.new-*'))
    return results


def delete(folder):
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:  # an interrupt between two lines of Python's own makes it close a descriptor twice
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise


class Silent(Interrupting):
    """None at all."""

    def _send(self):
        pass


def prove(folder, way, least):
    """Rounds of more and more iterations, until there were enough interrupts."""
    caught, sent, iterations, rounds = 0, 0, FIRST.get(way, 400), 0
    while caught < least:
        rounds += 1
        whole, place = folder / f'whole{rounds}', folder / f'run{rounds}'
        whole.mkdir(parents=True)
        place.mkdir()
        run, sender = globals()[way], Interrupting()
        expected = run(whole, Silent(), iterations)
        assert run(place, sender, iterations) == expected, f'{way}, {iterations} iterations, {THREADS} threads'
        caught, sent = caught + sender.caught, sent + sender.sent
        iterations = ceil(iterations * min(5.0, 1.2 * max(least - caught, 1) / max(sender.caught, 1)))
    print(way, caught, 'of', sent, flush=True)


if __name__ == '__main__':
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and so do children
    place, NAME = Path(sys.argv[1]), sys.argv[2]
    for each in sys.argv[3:]:
        way, THREADS, least = each.split(',')[0], *map(int, each.split(',')[1:])
        prove(place / each, way, least)
