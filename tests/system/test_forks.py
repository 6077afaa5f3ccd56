"""Locks in a fork, where the threads that held them don't exist."""

import os
import threading
from collections.abc import Iterator

import pytest
from forks import held_elsewhere, in_a_fork, refusals
from helpers import SONNETS, random_model

import fastrnn
from fastrnn.engines import reference
from fastrnn.kernels import jit
from fastrnn.system.forks import OwnLock, SharedLock

FAST = {'preset': 'fast', 'cell': 'rnn', 'layers': 1, 'hidden_size': 8, 'seq_length': 5, 'iterations': 3, 'seed': 1}
TEXT = 'to and fro, and to ' * 30


def test_own_and_shared_locks_in_a_fork():
    own, shared = OwnLock('this thing'), SharedLock()
    with own, own:
        assert not own.in_a_fork

    def use():
        with shared:
            return refusals({'own': own.__enter__})['own']

    with held_elsewhere(own), held_elsewhere(shared):
        told = in_a_fork(use)
    assert told.startswith(f'this thing belongs to process {os.getpid()}, and this process is a fork of it; ')
    with own, shared:  # still works here
        pass


def test_a_run_refuses_in_a_fork(tmp_path):
    """Everything that needs its state, even while another thread trains; close does nothing there."""
    run = fastrnn.train(TEXT, **FAST)
    with run:
        next(run)
        calls = {
            'next': lambda: next(run),
            'list': lambda: list(run),
            'model': lambda: run.model,
            'best_model': lambda: run.best_model,
            'save': lambda: run.save(tmp_path / 'model'),
            'watch': run.watch,
            'fastrnn.watch': lambda: fastrnn.watch(run),
            'state': run.state,
        }

        def use():
            run.close()
            told = refusals(calls)
            assert all(words.startswith('this run belongs to process ') for words in told.values()), told
            assert not (tmp_path / 'model').exists()
            return repr(run)

        with held_elsewhere(run.lock):
            assert in_a_fork(use).endswith(', a copy in a fork>')
        assert in_a_fork(use).endswith(', a copy in a fork>')
        assert not repr(run).endswith(', a copy in a fork>')
        list(run)


def test_a_run_without_an_engine_refuses_in_a_fork():
    run = fastrnn.train(TEXT, **FAST)
    with held_elsewhere(run.lock):
        assert in_a_fork(lambda: refusals({'model': lambda: run.model})['model']).startswith('this run belongs')


def test_a_session_refuses_in_a_fork(tmp_path):
    with fastrnn.start(tmp_path / 'run', SONNETS, **FAST) as session:
        next(session)

        def use():
            session.close()
            calls = {'next': lambda: next(session), 'model': lambda: session.model, 'watch': session.watch}
            told = refusals(calls | {'save': lambda: session.save(tmp_path / 'model')})
            assert all(words.startswith('this run belongs to process ') for words in told.values()), told
            return repr(session)

        with held_elsewhere(session.lock):
            assert in_a_fork(use).endswith(', a copy in a fork>')
        list(session)


@pytest.mark.parametrize('several', [False, True])
def test_a_sample_refuses_in_a_fork(several):
    model = fastrnn.train(TEXT, **FAST).watch()
    drawn: Iterator[str] = (
        fastrnn.samples(model, 3, 2000, seed=0).once() if several else fastrnn.sample(model, 2000, seed=0)
    )
    with held_elsewhere(drawn.lock):
        assert in_a_fork(lambda: refusals({'next': lambda: next(drawn)})['next']).startswith('this iterator belongs')
    assert ''.join(drawn)


def test_a_fork_can_train_and_sample():
    """With the same bits, while other threads hold all shared locks. The fork starts new threads."""
    expected = fastrnn.train(TEXT, threads=2, streams=4, **FAST)
    list(expected)
    bound = fastrnn.bind(*random_model(5, 4))

    def use():
        run = fastrnn.train(TEXT, threads=2, streams=4, **FAST)
        list(run)
        fastrnn.train(TEXT, engine='reference', hidden_size=3, iterations=2).watch()
        assert ''.join(fastrnn.sample(run.model, 20, seed=0))
        assert bound.lossFun([0, 1], [1, 2], random_model(5, 4)[3])[0] > 0
        return run.model.params.flat.tobytes().hex()

    with held_elsewhere(reference._GLOBAL):
        assert in_a_fork(use) == expected.model.params.flat.tobytes().hex()


def test_a_fork_waits_for_the_compiler():
    """Else its lock would never be free: the thread that holds it does not exist in the fork."""
    ready, free = threading.Event(), threading.Event()

    def compile_for_a_while():
        with jit.global_compiler_lock:
            ready.set()
            free.wait(0.2)

    thread = threading.Thread(target=compile_for_a_while)
    thread.start()
    ready.wait()

    def use():
        with jit.global_compiler_lock:
            return 'free'

    assert in_a_fork(use) == 'free'
    free.set()
    thread.join()
    assert not jit.global_compiler_lock._lock._is_owned()
