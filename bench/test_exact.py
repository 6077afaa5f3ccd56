"""Reference and exact engine: checks that the bits are identical, then measures the time.

pytest --benchmark-only --benchmark-json=bench.json
python bench/table.py bench.json
"""

from typing import Any

import cases
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

CASES = [(name, H, side) for name in cases.OPERATIONS for H in cases.HIDDEN_SIZES for side in cases.SIDES[name]]


@pytest.fixture(scope='module')
def corpus() -> Any:
    return cases.text()


@pytest.fixture(autouse=True)
def one_blas_thread() -> Any:
    with threadpool_limits(1, user_api='blas'):
        yield


def flat(results: Any) -> list[Any]:
    return [np.asarray(result) for result in (results if isinstance(results, list | tuple) else [results])]


@pytest.mark.parametrize(('name', 'H', 'side'), CASES, ids=lambda value: str(value).replace(' ', '_'))
def test_exact(benchmark: Any, corpus: Any, name: str, H: int, side: str) -> None:
    operations = cases.OPERATIONS[name](corpus, H)
    for expected, result in zip(flat(operations['reference']()), flat(operations[side]()), strict=True):
        if side != 'reference':
            assert np.array_equal(expected, result)
    benchmark.group = f'{name}, H={H}'
    benchmark.extra_info.update(name=name, H=H, side=side)
    slow = name.endswith('iterations')
    settle = 10 if side == 'exact, all cores' else 1  # until the number of threads is chosen
    benchmark.pedantic(operations[side], rounds=5 if slow else 15, iterations=1 if slow else 20, warmup_rounds=settle)


@pytest.mark.parametrize('H', cases.HIDDEN_SIZES)
def test_floor(benchmark: Any, corpus: Any, H: int) -> None:
    operation = cases.floor(corpus, H)
    operation()
    name = f'{cases.ITERATIONS} iterations'
    benchmark.group = f'{name}, H={H}'
    benchmark.extra_info.update(name=name, H=H, side='products alone')
    benchmark.pedantic(operation, rounds=5, warmup_rounds=1)
