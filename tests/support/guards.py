"""Random configurations whose every array ends, or begins, at a page that must not be touched: a kernel that leaves
its arrays ends the process.

``python guards.py N SEED``
"""

import ctypes
import mmap
import random
import sys

import numpy as np

import fastrnn
from fastrnn.engines.engine import BatchedEngine, ExactEngine
from fastrnn.inference.evaluate import bits
from fastrnn.model.architecture import CELLS
from fastrnn.model.model import Model
from fastrnn.model.state import MOMENTS
from fastrnn.settings.options import TABLE, Settings
from fastrnn.system import limits

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
zeros = np.zeros
AT_END = True


def guarded(shape, dtype=float):
    """np.zeros between two pages that can't be read or written."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if not count:
        return zeros(shape, dtype)
    size = -(-count * dtype.itemsize // PAGE) * PAGE + 2 * PAGE
    memory = mmap.mmap(-1, size)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (address, address + size - PAGE):
        assert LIBC.mprotect(ctypes.c_void_p(page), PAGE, 0) == 0
    offset = size - PAGE - count * dtype.itemsize if AT_END else PAGE
    return np.frombuffer(memory, dtype, count, offset).reshape(shape)


def guarded_like(array):
    return guarded(array.shape, array.dtype)


def some_ids(rng, n, V):
    ids = guarded(n, np.uint8)
    ids[:] = [rng.randrange(V) for _ in range(n)]
    ids[:V] = range(V)
    ids.flags.writeable = False
    return ids


def one(rng, **kind):
    """Train for some iterations, sample and score; kind: cell and dtype, of the batched engine."""
    T, H, V = rng.randint(1, 30), rng.randint(1, 70), rng.randint(2, 90)
    B = rng.choice([1, 1, 2, 3, 7, 16, 33])
    fast, threads = bool(kind) or rng.random() < 0.7, rng.choice([1, 2, 3])
    B = B if fast else 1
    options = {'hidden_size': H, 'seq_length': T, 'seed': 0, 'threads': threads}
    if fast:
        options |= {'engine': 'batched', 'streams': B, 'dtype': rng.choice(['float32', 'float64'])}
        options |= {'optimizer': rng.choice([*MOMENTS]), 'clip_norm': rng.choice([None, 1.0])}
        options |= {'init': rng.choice(['gist', 'scaled']), 'cell': rng.choice([*CELLS])}
        options |= {'layers': rng.choice([1, 1, 2, 3]), 'dropout': rng.choice([0.0, 0.3]), **kind}
    ids = some_ids(rng, V + B * (T + 2) + rng.randint(0, 5 * T * B), V)
    engine = (BatchedEngine if fast else ExactEngine)(Settings(**options), ids, V)
    engine.run(5)
    engine.sample(5)
    engine.close()
    model = Model(engine.params, ''.join(chr(100 + k) for k in range(V)))
    bits(model.params, ids)
    ''.join(fastrnn.samples(model, rng.randint(1, 9), 5, seed=0, top_k=rng.choice([None, 2]), top_p=0.9))
    bound = fastrnn.bind(*(guarded_like(np.ascontiguousarray(a)) for a in arrays(H, V)))
    bound.lossFun([0, V - 1], [1, 0], zeros((H, 1)))


def arrays(H, V):
    return [zeros(shape) for shape in ((H, V), (H, H), (V, H), (H, 1), (V, 1))]


if __name__ == '__main__':
    limits.allowed = lambda: limits.Count(3, 'for three threads')
    count, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    for _ in range(12):  # what is imported and compiled meanwhile takes NumPy's own
        one(rng)
    for cell in TABLE['cell'].kind.choices:
        for dtype in TABLE['dtype'].kind.choices:
            one(rng, cell=cell, dtype=dtype)
    np.zeros, np.zeros_like = guarded, guarded_like
    for k in range(count):
        AT_END = k % 2 == 0
        one(rng)
    print(count, 'configurations')
