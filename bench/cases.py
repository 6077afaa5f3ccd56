"""The compared operations and implementations, on one text; each can be verified and timed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastrnn
from fastrnn import reference
from fastrnn.data.corpus import Corpus
from fastrnn.engines.engine import ExactEngine, ReferenceEngine
from fastrnn.kernels.exact.numpy_functions import find, gemv, gemv_t
from fastrnn.kernels.jit import jit
from fastrnn.settings.options import Settings

HIDDEN_SIZES = (50, 100, 256, 512)
T = 25
ITERATIONS = 200
SAMPLED = 200

Operation = Callable[[], Any]


def text() -> Corpus:
    """``FASTRNN_BENCH_TEXT``, or the corpus of data/fetch_shakespeare.py, or the sonnets repeated."""
    data = Path(__file__).parent.parent / 'data'
    path = Path(os.environ.get('FASTRNN_BENCH_TEXT') or data / 'shakespeare.txt')
    if path.exists():
        return Corpus.of(fastrnn.read_text(path))
    return Corpus.of(fastrnn.read_text(data / 'sonnets.txt') * 200)


def lossfun(corpus: Corpus, H: int) -> dict[str, Operation]:
    """One lossFun call through the drop-in."""
    np.random.seed(0)
    model = reference.init(len(corpus.chars), H)
    inputs, targets, h = corpus.ids[:T].tolist(), corpus.ids[1 : T + 1].tolist(), np.zeros((H, 1))
    bound = fastrnn.bind(*model).lossFun
    return {
        'reference': lambda: reference.lossFun(inputs, targets, h, model),
        'exact': lambda: bound(inputs, targets, h),
    }


def adagrad(corpus: Corpus, H: int) -> dict[str, Operation]:
    """One Adagrad update of all parameters."""
    rng = np.random.default_rng(0)
    shapes = [param.shape for param in reference.init(len(corpus.chars), H)]
    grads = [rng.standard_normal(shape) for shape in shapes]

    def update(step: Callable[..., None] | None) -> Operation:
        params, mems = [np.ones(shape) for shape in shapes], [np.zeros(shape) for shape in shapes]

        step = step or fastrnn.bind(*params).adagrad

        def run() -> list[Any]:
            step(params, grads, mems, 0.1)
            return params

        return run

    return {'reference': update(reference.adagrad), 'exact': update(None)}


def iterations(corpus: Corpus, H: int) -> dict[str, Operation]:
    """Whole iterations, as in training: with one thread, and with the fastest number."""
    V = len(corpus.chars)

    def engine(kind: Any, threads: int | None) -> Operation:
        config = Settings(hidden_size=H, seq_length=T, seed=0, threads=threads)
        running = kind(config, corpus.ids, V)
        return lambda: running.run(ITERATIONS)

    return {
        'reference': engine(ReferenceEngine, None),
        'exact': engine(ExactEngine, 1),
        'exact, all cores': engine(ExactEngine, None),
    }


def sampled(corpus: Corpus, H: int) -> dict[str, Operation]:
    """Sampled characters through the drop-in."""
    np.random.seed(0)
    model = reference.init(len(corpus.chars), H)
    h = np.zeros((H, 1))
    bound = fastrnn.bind(*model).sample

    def seeded(draw: Callable[[], Any]) -> Operation:
        def run() -> Any:
            np.random.seed(0)
            return draw()

        return run

    return {
        'reference': seeded(lambda: reference.sample(h, 0, SAMPLED, model)),
        'exact': seeded(lambda: bound(h, 0, SAMPLED)),
    }


@jit
def products(native, Whh, Why, h, y, z, steps):  # type: ignore[no-untyped-def]
    """The matrix-vector products of ``steps`` iterations, and nothing else: the lower limit for the same bits."""
    for _ in range(steps):
        for t in range(T):
            gemv(native, Whh, h, z)
            gemv(native, Why, h, y)
            gemv_t(native, Why, y, z)
            if t > 0:
                gemv_t(native, Whh, h, z)


def floor(corpus: Corpus, H: int) -> Operation:
    """The matrix-vector products of ITERATIONS iterations with NumPy's BLAS, in one thread."""
    V, rng = len(corpus.chars), np.random.default_rng(0)
    Whh, Why, h = rng.standard_normal((H, H)), rng.standard_normal((V, H)), rng.standard_normal(H)
    native, y, z = find(), np.zeros(V), np.zeros(H)
    return lambda: products(native, Whh, Why, h, y, z, ITERATIONS)


OPERATIONS: dict[str, Callable[[Corpus, int], dict[str, Operation]]] = {
    'lossFun': lossfun,
    'Adagrad': adagrad,
    f'{ITERATIONS} iterations': iterations,
    f'{SAMPLED} characters sampled': sampled,
}
SIDES = {
    name: ('reference', 'exact', 'exact, all cores') if name.endswith('iterations') else ('reference', 'exact')
    for name in OPERATIONS
}
