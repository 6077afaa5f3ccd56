"""Describes this machine, and checks that results are bit-identical to the reference."""

import os
import platform

import llvmlite
import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name

from .._version import __version__
from ..data.corpus import Corpus
from ..kernels import jit
from ..kernels.exact import numpy_functions as native
from ..parallel.processes import processes
from ..settings.options import Settings
from ..settings.parsing import size_in_words
from ..system import features, limits
from ..system.cores import physical
from .engine import ExactEngine, ReferenceEngine

ITERATIONS = 60


def facts() -> dict[str, str]:
    """Versions, processor, limits, and the native functions that the kernels call."""
    facts = {
        'fastrnn': __version__,
        'python': f'{platform.python_version()} on {platform.system()} {platform.machine()}',
        'numpy': np.__version__,
        'numba': f'{numba.__version__} with llvmlite {llvmlite.__version__}',
        'processor': f'{get_host_cpu_name()}',
    }
    there, missing = features.found()
    facts |= {name: ', '.join(names) for name, names in (('system', there), ('not found', missing)) if names}
    facts |= _limits()
    facts |= native.describe()
    facts['kernels'] = jit.CACHE_NOTE
    try:
        facts |= processes().describe()
    except ValueError as error:
        facts['processes'] = str(error)
    return facts


def _limits() -> dict[str, str]:
    """The processors and memory that this process may use, and the source of each limit."""
    count, memory, tasks = limits.processors(), limits.memory(), limits.tasks()
    found = {'processors': f'{count.number} ({count.source})'}
    if (cores := physical()) < limits.allowed().number:
        found['cores'] = f'{cores}, of {limits.allowed().number} processors with hyperthreads'
    if memory is not None:
        found['memory'] = memory.in_words if memory.used else f'{size_in_words(memory.limit)} ({memory.source})'
    if tasks is not None:
        found['tasks'] = f'{tasks.number:,} more threads or processes ({tasks.source})'
    return found


def compare_with_reference() -> str:
    """One line: a short run is bit-identical to the reference, or the first difference and its reason."""
    if jit.UNUSABLE:
        return f'NOT identical: {jit.UNUSABLE}'
    rng = np.random.RandomState(0)
    text = Corpus.of(''.join(map(chr, rng.randint(97, 123, 5000))))
    for H in (100, 130):
        settings = Settings(hidden_size=H, seed=0)
        exact, plain = (engine(settings, text.ids, len(text.chars)) for engine in (ExactEngine, ReferenceEngine))
        losses, expected = exact.run(ITERATIONS), plain.run(ITERATIONS)
        exact.close()
        if not np.array_equal(losses, expected):
            n = int((losses != expected).argmax())
            gap = abs(losses[n] - expected[n])
            return f'NOT identical: H={H}, from iteration {n} on (by {gap:.1e} nats there); {_why()}'
    return f'identical to the reference: {ITERATIONS} iterations at H=100 and at H=130, every loss'


def _why() -> str:
    if os.environ.get('FASTRNN_PORTABLE') == '1':
        return 'FASTRNN_PORTABLE=1 forces portable code'
    missing = [name for name, found in native.describe().items() if found.startswith('portable')]
    if missing:
        return f'this NumPy does not show its {", ".join(missing)}, so portable code runs instead'
    return 'the reason is not known; please report this output'
