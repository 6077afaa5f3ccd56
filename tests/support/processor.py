"""What NumPy and its BLAS choose in this environment, and what both sides print of some runs: two lines of JSON.

``python processor.py SEEN``, a list in JSON of choices that need no second line.
"""

import json
import sys

import numpy as np
from helpers import SONNETS, exact_run, random_text, reference_run
from numpy.lib.introspect import opt_func_info
from threadpoolctl import threadpool_info

COMMON = {'seed': 2, 'iterations': 301, 'sample_every': 50, 'print_every': 10}
RUNS = {
    'defaults': (SONNETS.read_text(encoding='utf-8'), {}, {'threads': 1}),
    'odd sizes': (random_text(3000, 53), {'hidden_size': 37, 'seq_length': 9}, {'threads': 2}),
}


def features():
    """Those of the processor that NumPy has loops for."""
    umath = np._core._multiarray_umath
    return [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name]]


def choices():
    """The kernel of each BLAS, then NumPy's loops."""
    loops = opt_func_info(func_name='^(tanh|exp|log)$', signature='float64')
    blas = [library['architecture'] for library in threadpool_info() if library['internal_api'] == 'openblas']
    return [*blas, *(f'{name}: {loop["current"]}' for name, kinds in loops.items() for loop in kinds.values())]


if __name__ == '__main__':
    W = np.ones((100, 100))
    np.tanh(W @ W[0] + W.T @ W[0])  # a kernel for which the machine lacks instructions ends the process here
    print(json.dumps([choices(), features()]))
    if choices() not in json.loads(sys.argv[1]):
        print(
            json.dumps(
                {
                    name: [
                        reference_run(text, **COMMON, **sizes).output,
                        exact_run(text, **COMMON, **sizes, **own).output,
                    ]
                    for name, (text, sizes, own) in RUNS.items()
                }
            )
        )
