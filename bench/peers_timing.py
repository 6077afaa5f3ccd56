"""How bench/peers.py measures time, and a description of the machine."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from fastrnn.kernels import jit

MODULES = {'PyTorch': 'torch', 'JAX': 'jax'}
REST = 0.3  # seconds before each timing, because some thread pools spin after their work
SIDE = 2048  # side of the matrices of a large product

Timed = dict[str, float]  # by library


def installed() -> dict[str, str]:
    """The installed modules of the peers, by name."""
    return {name: module for name, module in MODULES.items() if find_spec(module)}


def in_turn(runs: Mapping[str, Callable[[], Any]], rounds: int) -> Timed:
    """Median seconds of each run, in turn, so that a disturbance slows all of them."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            time.sleep(REST)
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def gemm_rate(dtype: str, threads: int, rounds: int) -> float:
    """GFLOP/s of a large product with NumPy's BLAS, as a measure of the machine."""
    A = np.ones((SIDE, SIDE), dtype)
    return _rates({'NumPy': lambda: A @ A}, threads, rounds)['NumPy']


def gemm_rates(threads: int, rounds: int) -> Timed:
    """GFLOP/s of a large float32 product with each library, because NumPy's BLAS may not know the processor."""
    A = np.ones((SIDE, SIDE), np.float32)
    products: dict[str, Callable[[], Any]] = {'NumPy': lambda: A @ A}
    if 'PyTorch' in installed():
        import peers_torch

        products['PyTorch'] = peers_torch.large_product(A, threads)
    if 'JAX' in installed():
        import peers_jax

        products['JAX'] = peers_jax.large_product(A)
    return _rates(products, threads, rounds)


def _rates(products: Mapping[str, Callable[[], Any]], threads: int, rounds: int) -> Timed:
    with threadpool_limits(threads, user_api='blas'):
        for product in products.values():
            product()
        return {name: 2 * SIDE**3 / seconds / 1e9 for name, seconds in in_turn(products, rounds).items()}


def blas_kernels() -> str:
    """The processor for which NumPy's BLAS computes, if it is known."""
    return ', '.join({pool.get('architecture', 'unknown') for pool in threadpool_info() if pool['user_api'] == 'blas'})


def processor() -> str:
    """The processor's name and vectors, and the target of compiled kernels if it is another."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text(encoding='utf-8').splitlines() if info.exists() else []
    names = [line.split(':')[1].strip() for line in lines if line.startswith('model name')]
    name = names[0] if names else platform.processor() or platform.machine()
    binding = llvmlite.binding
    host = f'{binding.get_host_cpu_name()}, {vectors(binding.get_host_cpu_features().flatten())}'
    named = f'{jit.CPU}, {vectors(jit.FEATURES)}'
    other = '' if named == host else f', kernels compiled for another: {named}'
    return f'{name} ({host}), {os.cpu_count()} cores{other}'


def vectors(features: str) -> str:
    """The widest vectors among a processor's features."""
    widths = (('+avx512f', 'AVX-512'), ('+avx2', 'AVX2'), ('+neon', 'NEON'))
    return next((width for feature, width in widths if feature in features.split(',')), 'neither AVX2 nor NEON')
