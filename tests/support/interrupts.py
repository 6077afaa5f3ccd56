"""Runs that are interrupted by real SIGINTs at random moments and gone on with, in one process.

``python interrupts.py FOLDER NAME THREADS WAY N``: N interrupts at least. Records, log and checkpoints must be those of
the run that was left alone. Ways: ``session`` (kept in a folder), ``memory`` (fastrnn.train), ``thread`` (trained in
another thread than the one that is interrupted), ``two`` (two sessions at once, by turns), ``texts`` (samples of a
model), ``calls`` (scores, and the encoding of a text).
"""

import os
import random
import shutil
import signal
import sys
import threading
from pathlib import Path

import kept
from helpers import SONNETS

import fastrnn

SIZES = {'hidden_size': 48, 'seq_length': 12, 'print_every': 60, 'sample_every': 200, 'validate_every': 400}
SIZES |= {'save_every': 300, 'sample_length': 30}


def due(value):
    """Records between two reports come by the clock."""
    return isinstance(value, str) or value.report or value.sample is not None or value.validation is not None


class Interrupting:
    """Sends SIGINT to this process every few milliseconds, while it is entered."""

    def __init__(self, number):
        self.number, self.sent, self.caught = number, 0, 0
        self.pause = 0.03  # seconds, at most
        self._rng, self._stop = random.Random(0), threading.Event()
        self._thread = threading.Thread(target=self._send)

    def _send(self):
        self._stop.wait(0.1)  # an interrupt must not come before start() below has returned
        while not self._stop.wait(self._rng.uniform(0.002, self.pause)):
            self.sent += 1
            os.kill(os.getpid(), signal.SIGINT)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt:
                self.caught += 1

    def through(self, iterator, other=(), of_other=None):
        """All that an iterator gives, going on after each interrupt; a value of another one after each of them."""
        out = []
        while True:
            try:
                for value in iterator:
                    out.append(value)
                    for another in other:
                        of_other.append(another)
                        break
                return [value for value in out if due(value)]
            except KeyboardInterrupt:
                self.caught += 1


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
    with sender:
        while not done.is_set():  # joining is no way: an interrupted join takes the thread for ended
            try:
                done.wait(0.01)
            except KeyboardInterrupt:
                sender.caught += 1
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
    text, model = SONNETS.read_text(encoding='utf-8') * 8, fastrnn.train(SONNETS, **kept.options_of(NAME)).watch()
    (folder / 'text').write_text(text, encoding='utf-8')
    functions = [
        lambda: fastrnn.evaluate(model, text[:2000]),
        lambda: fastrnn.surprisals(model, text).bits.tobytes(),
        lambda: fastrnn.open_corpus(folder / 'text', cache=folder / 'cache').ids.tobytes(),
        lambda: delete(folder / 'cache'),
    ]
    results = []
    with sender:
        while len(results) < iterations:
            try:
                while len(results) < iterations:
                    results.append(functions[len(results) % 4]())
            except KeyboardInterrupt:
                sender.caught += 1
                sender.pause *= 1.1  # a call has to fit in between
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

    def __init__(self):
        super().__init__(0)

    def _send(self):
        pass


if __name__ == '__main__':
    place, NAME, THREADS, way, least = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    caught, sent, iterations = 0, 0, 400
    while caught < least:
        run = globals()[way]
        (place / f'whole{iterations}').mkdir()
        expected = run(place / f'whole{iterations}', Silent(), iterations)
        (place / f'run{iterations}').mkdir()
        sender = Interrupting(least)
        assert run(place / f'run{iterations}', sender, iterations) == expected, f'{iterations} iterations'
        caught, sent, iterations = caught + sender.caught, sent + sender.sent, iterations * 3
    print(caught, 'caught of', sent)
