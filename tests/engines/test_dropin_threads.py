"""The drop-in's functions in several threads at once, and with all contiguous layouts of arrays."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import random_model, same_bits

import fastrnn
from fastrnn import reference
from fastrnn.engines import dropin
from fastrnn.kernels.exact import rnn as exact

H, V = 33, 21
MODEL = random_model(H, V, 4, 0.3)


def at_once(count, work):
    """Results of work(k) in ``count`` threads that start together."""
    gate = threading.Barrier(count)

    def run(k):
        gate.wait(10)
        return work(k)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def window(k):
    """Inputs, targets and a state; T varies with k."""
    rng = np.random.default_rng(k)
    T = 8 + k % 3
    return rng.integers(0, V, T), rng.integers(0, V, T), rng.standard_normal((H, 1))


@pytest.mark.parametrize('threads', [2, 4])
@pytest.mark.parametrize('own', [False, True], ids=['new results', 'out'])
def test_gradients(threads, own):
    lossFun = fastrnn.bind(*MODEL).lossFun
    windows = [window(k) for k in range(12)]
    expected = [reference.lossFun(*(list(x) for x in w[:2]), w[2], MODEL) for w in windows]

    def work(k):
        out = [np.zeros(array.shape) for array in (*MODEL, windows[0][2])] if own else None
        wrong = 0
        for n in range(150):
            j = (k + n) % len(windows)
            results = lossFun(*windows[j], out)
            wrong += not all(same_bits(a, b) for a, b in zip(results, expected[j], strict=True))
        return wrong

    assert at_once(threads, work) == [0] * threads


@pytest.mark.parametrize('call', ['lossFun', 'sample'])
def test_a_call_during_a_call(monkeypatch, call):
    """Another call while a kernel runs, as threads cause it by chance or a signal handler does."""
    bound, (inputs, targets, h) = fastrnn.bind(*MODEL), window(1)
    name = {'lossFun': 'gradients', 'sample': 'sample'}[call]
    kernel = getattr(exact, name)

    def interrupted(*args):
        monkeypatch.setattr(exact, name, kernel)
        bound.lossFun(*window(4))
        bound.sample(window(5)[2], 3, 5)
        return kernel(*args)

    np.random.seed(3)
    bound.sample(window(5)[2], 3, 5)
    expected = bound.lossFun(inputs, targets, h) if call == 'lossFun' else bound.sample(h, 2, 40)
    np.random.seed(3)
    monkeypatch.setattr(exact, name, interrupted)
    if call == 'lossFun':
        assert all(same_bits(a, b) for a, b in zip(bound.lossFun(inputs, targets, h), expected, strict=True))
    else:
        uniforms = np.random.random_sample(45)
        monkeypatch.setattr(np.random, 'random_sample', lambda n: uniforms[5:] if n == 40 else uniforms[:5])
        assert bound.sample(h, 2, 40) == expected


@pytest.mark.parametrize('threads', [2, 4])
def test_samples_during_gradients(monkeypatch, threads):
    """Each sample depends only on its uniform numbers, which come from the global generator."""
    bound, (_, _, h) = fastrnn.bind(*MODEL), window(0)
    uniforms = np.random.RandomState(1).random_sample(300)
    monkeypatch.setattr(np.random, 'random_sample', lambda n: uniforms[:n])
    expected = bound.sample(h, 1, 300)
    gradients = bound.lossFun(*window(1))

    def work(k):
        if k % 2:
            return sum(bound.sample(h, 1, 300) != expected for _ in range(60))
        results = (bound.lossFun(*window(1)) for _ in range(300))
        return sum(not all(same_bits(a, b) for a, b in zip(each, gradients, strict=True)) for each in results)

    assert at_once(threads, work) == [0] * threads


@pytest.mark.parametrize('threads', [2, 4])
def test_adagrad(threads):
    """Each thread has its own arrays."""
    rng = np.random.default_rng(2)
    grads = [[rng.standard_normal((H, H)) for _ in range(20)] for _ in range(threads)]

    def work(k):
        param, mem = np.ones((H, H)), np.zeros((H, H))
        for _ in range(20):
            for grad in grads[k]:
                dropin.adagrad([param], [grad], [mem])
        return param, mem

    for k, (param, mem) in enumerate(at_once(threads, work)):
        alone = work(k)
        assert same_bits(param, alone[0]) and same_bits(mem, alone[1])


def test_buffers_are_reused():
    """Calls one after the other need one set."""
    functions = dropin._Functions(MODEL)
    for k in (0, 3, 6):
        functions.lossFun(*window(k))
        assert len(functions._spare) == 1
        functions.sample(window(k)[2], 0, 3)
        assert len(functions._spare) == 1


def odd(array, stride=0):
    """The same numbers with another stride in dimensions of size 1, as slices and broadcasts have."""
    strides = [stride if size == 1 else step for size, step in zip(array.shape, array.strides, strict=True)]
    view = np.lib.stride_tricks.as_strided(array, array.shape, strides)
    assert view.flags.c_contiguous
    return view


@pytest.mark.parametrize('stride', [0, 8, -40, 10**6])
@pytest.mark.parametrize(('H', 'V'), [(1, 1), (1, 7), (6, 1), (6, 7)])
def test_strides_of_dimensions_of_one(capfd, H, V, stride):
    model, h = random_model(H, V, 1, 0.5), np.full((H, 1), 0.5)
    inputs, targets = [0, V // 2, V - 1], [V // 2, V - 1, 0]
    bound = fastrnn.bind(*(odd(param, stride) for param in model))
    out = [odd(np.full(array.shape, np.nan), stride) for array in (*model, h)]
    expected = reference.lossFun(inputs, targets, h, model)
    for results in (bound.lossFun(inputs, targets, odd(h, stride)), bound.lossFun(inputs, targets, h, out)):
        assert all(same_bits(a, b) for a, b in zip(results, expected, strict=True))
    np.random.seed(2)
    wanted = reference.sample(h, 0, 20, model)
    np.random.seed(2)
    assert bound.sample(odd(h, stride), 0, 20) == wanted
    param, mem = np.ones((H, V)), np.ones((H, V))
    dropin.adagrad([odd(param, stride)], [odd(np.array(model[0]), stride)], [odd(mem, stride)])
    assert same_bits(mem, 1 + model[0] * model[0])
    assert capfd.readouterr() == ('', '')  # BLAS prints its errors


@pytest.mark.parametrize('number', [2, 4])
def test_threads_may_share_the_functions(number):
    """Kernels release the GIL, and calls share a pool of buffers."""
    model = random_model(40, 11, scale=0.3)
    lossFun, sample, _ = fastrnn.bind(*model)
    rng = np.random.default_rng(0)
    cases = [(rng.integers(0, 11, T), rng.integers(0, 11, T), rng.standard_normal((40, 1))) for T in (9, 25, 9, 60)]
    expected = [lossFun(*case) for case in cases]

    def work(k):
        for _ in range(150):
            found = lossFun(*cases[k])
            yield all(same_bits(a, b) for a, b in zip(found, expected[k], strict=True))

    with ThreadPoolExecutor(number) as pool:
        results = list(pool.map(lambda k: list(work(k % 4)), range(2 * number)))
    assert all(map(all, results))
    with ThreadPoolExecutor(number) as pool:
        drawn = list(pool.map(lambda _: sample(cases[0][2], 0, 300), range(20)))
    assert {len(ixes) for ixes in drawn} == {300}
