"""Measures the numbers in comments of kernels: what a choice gains over the alternative.

    python bench/kernels.py

One thread; the best of many rounds, both sides in turn. The slower kernels are here, in a line or two.
"""

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from threadpoolctl import threadpool_limits

from fastrnn.kernels.batched import gemm, optimizers, packing
from fastrnn.kernels.batched.buffers import Optimizer
from fastrnn.kernels.batched.functions import tanh1
from fastrnn.kernels.exact import outer_products
from fastrnn.kernels.jit import OPTIONS
from fastrnn.kernels.reductions import row_sum
from fastrnn.model.architecture import Architecture
from fastrnn.parallel.threads import ThreadTeam

ROUNDS, CALLS = 40, 200
compiled = numba.njit(**OPTIONS)
rng = np.random.default_rng(0)


@compiled
def tanh_loop(n, x, out):
    for _ in range(n):
        for i in range(x.size):
            out[i] = tanh1(x[i])


def tanh_numpy(n, x, out):
    for _ in range(n):
        np.tanh(x, out=out)


@compiled
def sum_by_lanes(n, x, out):
    for k in range(n):
        out[k % 8] = row_sum(x, x.size)


@compiled
def sum_in_order(n, x, out):
    for k in range(n):
        total = x[0] * 0
        for i in range(x.size):
            total += x[i]
        out[k % 8] = total


@compiled
def tiles(n, A, W, C):
    for _ in range(n):
        gemm.product(A, 0, W, C, 0)


def blas(n, A, W, C):
    for _ in range(n):
        np.dot(A, W, out=C)


@compiled
def adagrad_rsqrt(n, P, G, M, optimizer):
    one = P.dtype.type(1)
    for _ in range(n):
        optimizers.adagrad(P, G, M, optimizer, one, one, 1.0)


@compiled
def adagrad_division(n, P, G, M):
    one = P.dtype.type(1)
    for _ in range(n):
        for i in range(P.size):
            g = optimizers.clipped(G[i], one, one)
            M[i] += g * g
            P[i] -= one * g / np.sqrt(M[i] + one)


@compiled
def outer_by_tiles(n, left, right, rows, out):
    for _ in range(n):
        outer_products.gradient(left, right, 0, rows, out)


@compiled
def outer_by_steps(n, d, h, out):
    for _ in range(n):
        out[:] = 0
        for t in range(d.shape[0] - 1, -1, -1):
            for i in range(d.shape[1]):
                for k in range(h.shape[1]):
                    out[i, k] += d[t, i] * h[t, k]


def waking(n, team):
    for _ in range(n):
        time.sleep(0.002)  # until the threads sleep
        team.run(lambda _: None)


def microseconds(sides: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], calls: int = CALLS) -> dict[str, float]:
    """Microseconds per call, the best of the rounds, for each side."""
    best = dict.fromkeys(sides, float('inf'))
    for work, args in sides.values():
        work(1, *args)
    for _ in range(ROUNDS):
        for name, (work, args) in sides.items():
            start = time.perf_counter()
            work(calls, *args)
            best[name] = min(best[name], (time.perf_counter() - start) / calls * 1e6)
    return best


def normal(*shape: int, dtype: str = 'float32') -> Any:
    return rng.standard_normal(shape).astype(dtype)


def told(what: str, times: dict[str, float], each: float = 1.0, unit: str = 'us') -> None:
    print(f'{what}: ' + ', '.join(f'{name} {value * each:.3g} {unit}' for name, value in times.items()))


def of_functions() -> None:
    for dtype in ('float32', 'float64'):
        x = normal(1000, dtype=dtype)
        times = microseconds({'a loop': (tanh_loop, (x, x.copy())), 'NumPy': (tanh_numpy, (x, x.copy()))})
        told(f'tanh, {dtype}, an element', times, 1.0, 'ns')
    x, out = normal(84), np.zeros(8, np.float32)
    told(
        'sum of 84',
        microseconds({'by lanes': (sum_by_lanes, (x, out)), 'in order': (sum_in_order, (x, out))}),
        1e3,
        'ns',
    )


def of_products() -> None:
    for b, H in ((16, 128), (64, 256)):
        A, W = normal(b, H), normal(H, H)
        packed = np.zeros((-(-H // gemm.width(4)), H, gemm.width(4)), np.float32)
        packing.pack_columns(W, 0, packed.shape[0], 0, packed)
        C = np.zeros((b, packed.shape[0] * packed.shape[2]), np.float32)
        times = microseconds({'tiles': (tiles, (A, packed, C)), 'BLAS': (blas, (A, W, np.zeros((b, H), np.float32)))})
        told(
            f'product {b} x {H} x {H}',
            {name: 2e-3 * b * H * H / value for name, value in times.items()},
            1.0,
            'GFLOP/s',
        )


def of_optimizers() -> None:
    H, V = 100, 65
    for dtype in ('float32', 'float64'):
        P, G, M = (abs(normal(Architecture('rnn', 1, H, V).parameters, dtype=dtype)) for _ in range(3))
        optimizer = Optimizer(*[P.dtype.type(1)] * len(Optimizer._fields))
        sides = {'rsqrt1': (adagrad_rsqrt, (P, G, M, optimizer)), 'division': (adagrad_division, (P, G, M.copy()))}
        told(f'Adagrad, H={H}, {dtype}', microseconds(sides))


def of_exact_gradients() -> None:
    T, H, columns = 25, 104, outer_products.COLUMNS
    d, h, out = normal(T, H, dtype='float64'), normal(T, H, dtype='float64'), np.zeros((H, H))
    left, right = np.zeros((H // columns, T, columns)), np.zeros((H // columns, T, columns))
    outer_products.pack(d, 0, left.shape[0], left)
    outer_products.pack(h, 0, right.shape[0], right)
    scratch = np.zeros((outer_products.ROWS, H))
    sides = {'tiles': (outer_by_tiles, (left, right, scratch, out)), 'steps of time': (outer_by_steps, (d, h, out))}
    told(f"dWhh in the reference's order, H={H}, T={T}", microseconds(sides))


def of_threads() -> None:
    team = ThreadTeam(2)
    told('waking a thread', {'': microseconds({'': (waking, (team,))}, 20)[''] - 2000})
    team.close()


def main() -> None:
    print(f'{get_host_cpu_name()}, NumPy {np.__version__}, Numba {numba.__version__}')
    with threadpool_limits(1, user_api='blas'):
        of_functions()
        of_products()
        of_optimizers()
        of_exact_gradients()
    of_threads()


if __name__ == '__main__':
    main()
