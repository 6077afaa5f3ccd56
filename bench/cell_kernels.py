"""The time of a cell's elementwise functions per row, and their share of training.

    python bench/cell_kernels.py

One thread; the best of many rounds.
"""

import time
from typing import Any

import numba
import numpy as np
from kernels import microseconds, normal
from llvmlite.binding import get_host_cpu_name

from fastrnn.engines.batched_streams import make_cell
from fastrnn.engines.engine import BatchedEngine
from fastrnn.kernels.batched.cell import activate, differentiate
from fastrnn.kernels.batched.packing import copy
from fastrnn.kernels.jit import OPTIONS
from fastrnn.model.architecture import Architecture
from fastrnn.settings.options import Settings

V, B, T = 65, 32, 50
compiled = numba.njit(**OPTIONS)


@compiled
def forward(n, cell, Wh, Wx, b, bhn, blocks, before, h, c):
    for _ in range(n):
        activate(cell, h.size, Wh, Wx, b, bhn, blocks, before, before, h, c)


@compiled
def backward(n, cell, kept, blocks, dh, direct, before, h, c):
    for _ in range(n):
        for block in range(cell.blocks):
            copy(kept[block], blocks[block])
        copy(dh, direct)
        differentiate(cell, h.size, blocks, dh, dh, direct, before, before, h, c)


def iteration(cell: str, H: int) -> float:
    """Seconds per iteration of the batched engine, the best of some."""
    config = Settings(
        engine='batched',
        cell=cell,
        hidden_size=H,
        streams=B,
        seq_length=T,
        dtype='float32',
        optimizer='adam',
        init='scaled',
        threads=1,
        seed=0,
    )
    ids = np.random.default_rng(0).integers(0, V, 100_000).astype(np.uint8)
    engine, best = BatchedEngine(config, ids, V), float('inf')
    engine.run(3)
    for _ in range(20):
        start = time.perf_counter()
        engine.run(3)
        best = min(best, (time.perf_counter() - start) / 3)
    engine.close()
    return best


def rows(cell: str, H: int) -> tuple[float, float]:
    """Microseconds per row, forward and backward."""
    architecture = Architecture(cell, 1, H, V)
    G, S, _ = architecture.kind
    Wh, Wx, b, bhn = normal(G, H), normal(G, H), normal(G, H), normal((S - G) * H)
    blocks, before, h, c, dh, direct = normal(S, H), normal(H), normal(H), normal(H), normal(H), 0 * normal(H)
    kind: Any = make_cell(architecture)
    times = microseconds({'forward': (forward, (kind, Wh, Wx, b, bhn, blocks, before, h, c))})
    times |= microseconds({'backward': (backward, (kind, blocks.copy(), blocks, dh, direct, before, h, c))})
    return times['forward'], times['backward']


def main() -> None:
    print(f'{get_host_cpu_name()}, Numba {numba.__version__}; float32, B={B}, T={T}, V={V}, one thread')
    for cell in ('rnn', 'gru', 'lstm'):
        for H in (128, 256, 512):
            (there, back), whole = rows(cell, H), iteration(cell, H) * 1e6
            share = (there + back) * B * T / whole
            units = f'forward {there * 1e3 / H:.2f}, backward {back * 1e3 / H:.2f} ns a unit'
            print(f'{cell}, H={H}: {units}; together {share:.1%} of {whole:,.0f} us an iteration')


if __name__ == '__main__':
    main()
