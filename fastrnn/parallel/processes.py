"""The processes of a run: one, or all that an MPI launcher started; these all do the same.

Every process runs the same program and makes the same decisions. Clocks, signals and files are read by the first
process, which alone prints and writes. An error in any process is raised in all. With a single process all this is the
identity, so callers need not ask.
"""

import atexit
import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from ..errors import in_a_line
from ..system.forks import call_in_forks
from .group import Processes
from .launcher import OR_ALONE, launched

T = TypeVar('T')
P = ParamSpec('P')
MISSING = f'an MPI launcher started {{count}} processes, but mpi4py is missing: pip install mpi4py, {OR_ALONE}'
NO_MPI = f'mpi4py finds no MPI library ({{reason}}): install one, e.g. by pip install mpich, {OR_ALONE}'
FOREIGN = (
    '{launcher} is {count}, but the MPI of mpi4py ({library}) sees {size} processes: '
    f'start them with the mpiexec of that MPI, build mpi4py for this launcher, {OR_ALONE}'
)


@cache
def processes() -> Processes:
    """The processes that this one belongs to. Raises ValueError if a launcher started several that can't connect."""
    found = launched()
    if found is None:
        return Processes()
    launcher, count, _ = found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # mpi4py warns about launchers of other MPIs; the error below is clearer
            from .mpi import MPIProcesses, library
    except ImportError:  # mpi4py is missing; RuntimeError: it finds no MPI
        raise ValueError(MISSING.format(count=count)) from None
    except RuntimeError as error:
        raise ValueError(NO_MPI.format(reason=in_a_line(error))) from None
    joined = MPIProcesses(count)
    if joined.size != count:
        raise ValueError(FOREIGN.format(launcher=launcher, count=count, library=library(), size=joined.size))
    return joined


def led(method: Callable[P, T]) -> Callable[P, T]:
    """Decorator: only the first process calls the function, for all of them."""
    return _called(method, lambda group: group.lead)


def together(method: Callable[P, T]) -> Callable[P, T]:
    """Decorator: every process calls the function; an error in any is raised in all."""
    return _called(method, lambda group: group.together)


def by_host(method: Callable[P, T]) -> Callable[P, T]:
    """Decorator: one process per host calls the function before the others, which find the files it wrote."""
    return _called(method, lambda group: group.by_host)


def _called(method: Callable[P, T], way: Callable[[Processes], Callable[[Callable[[], T]], T]]) -> Callable[P, T]:
    """Decorator: calls a function by a method of the processes."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return way(processes())(lambda: method(*args, **kwargs))

    return call


@atexit.register
def _leave() -> None:
    """At interpreter exit: others may wait for this process."""
    if processes.cache_info().currsize:
        processes().leave(0)


call_in_forks(processes.cache_clear)  # a fork must not act for its parent
