"""The processes of a run: one, or as many as an MPI launcher has started, which then do everything alike.

All of them go through the same program and take the same turns. What comes from a clock, a signal or a file is taken
from the first one, which alone prints and writes; an error of any is an error of all. Of one process this is the
identity, so that no caller asks.
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
MISSING = (
    f"these are {{count}} processes of an MPI launcher, but mpi4py is missing: pip install 'fastrnn[mpi]', {OR_ALONE}"
)
NO_MPI = f'mpi4py finds no MPI ({{reason}}): install one, such as by pip install mpich, {OR_ALONE}'
FOREIGN = (
    '{launcher} says that it started {count} processes, but the MPI of mpi4py ({library}) sees {size}: '
    f'start them by the mpiexec of that MPI, build mpi4py for this one, {OR_ALONE}'
)


@cache
def processes() -> Processes:
    """Those that this one belongs to. Raises ValueError where a launcher started several that can't meet."""
    found = launched()
    if found is None:
        return Processes()
    launcher, count, _ = found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # mpi4py's own of a launcher that is not its MPI's, which is told below
            from .mpi import MPIProcesses, library
    except ImportError:  # mpi4py is not there; RuntimeError: no MPI that it could load
        raise ValueError(MISSING.format(count=count)) from None
    except RuntimeError as error:
        raise ValueError(NO_MPI.format(reason=in_a_line(error))) from None
    joined = MPIProcesses(count)
    if joined.size != count:
        raise ValueError(FOREIGN.format(launcher=launcher, count=count, library=library(), size=joined.size))
    return joined


def led(method: Callable[P, T]) -> Callable[P, T]:
    """A function that only the first process calls, for all of them."""
    return _called(method, lambda group: group.lead)


def together(method: Callable[P, T]) -> Callable[P, T]:
    """A function that all processes call; where it raises in any, it raises in all."""
    return _called(method, lambda group: group.together)


def by_host(method: Callable[P, T]) -> Callable[P, T]:
    """A function that one process of each host calls before the others: what it has written, those find."""
    return _called(method, lambda group: group.by_host)


def _called(method: Callable[P, T], way: Callable[[Processes], Callable[[Callable[[], T]], T]]) -> Callable[P, T]:
    """A function that is called in one of the ways of the processes."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return way(processes())(lambda: method(*args, **kwargs))

    return call


@atexit.register
def _leave() -> None:
    """At the end of a program: others may wait for this one."""
    if processes.cache_info().currsize:
        processes().leave(0)


call_in_forks(processes.cache_clear)  # it must not speak for its parent
