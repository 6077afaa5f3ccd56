"""The only place for Numba's options, and the folder of compiled kernels.

Numba's own cache detects edits of a kernel's file, but not of the files that it calls into (numba issue 1833). So the
name of the folder is a hash of all kernel sources, the versions of NumPy, Numba and llvmlite, and the processor: stale
code is never found.

Its files are pickles, and loading a pickle can run any code. So only the user may be able to write to the folder; other
folders are not used.
"""

import gc
import hashlib
import os
import platform
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba import types
from numba.core import codegen, config
from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.event import Listener, register
from numba.extending import intrinsic

from ..system import pauses
from ..system.cache_folder import default_root
from ..system.forks import across_forks
from ..system.home import temporary_folder
from ..system.locks import hold_folder
from ..system.pauses import paused
from ..system.private_folder import ELSEWHERE, NotPrivate, make_private

# No fast-math, ever. The exact kernels must round as the reference does. In the batched kernels, LLVM would choose
# orders of sums and fused operations by the processor and by the kernel that inlines a loop: a cached kernel gave other
# bits than a newly compiled one. So they are written out. Kernels don't allocate: without Numba's runtime there is no
# code that counts references, which took time to compile.
OPTIONS: dict[str, Any] = {
    'nogil': True,
    'error_model': 'numpy',
    'boundscheck': False,
    'no_cfunc_wrapper': True,
    '_nrt': False,
}
WITHIN: dict[str, Any] = {**OPTIONS, 'no_cpython_wrapper': True, 'forceinline': True}  # for overloads

# The target processor: this one, unless NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name another.
CPU = get_host_cpu_name() if config.CPU_NAME is None else config.CPU_NAME
FEATURES = codegen.get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES


if config.DISABLE_JIT:
    UNUSABLE = 'NUMBA_DISABLE_JIT is set, but kernels need the compiler: unset it, or train with --engine reference'
elif any(feature[:1] not in ('+', '-') for feature in FEATURES.split(',') if feature):  # LLVM would abort
    UNUSABLE = f'NUMBA_CPU_FEATURES is {FEATURES!r}, but each feature starts with + or -: unset it, or correct it'
else:
    UNUSABLE = ''  # the reason if nothing can be compiled


def sources() -> str:
    """Hash of all kernel sources, including sub-folders, and their relative paths."""
    digest, folder = hashlib.sha256(), Path(__file__).parent
    for source in sorted(folder.rglob('*.py')):
        digest.update(source.relative_to(folder).as_posix().encode() + b'\0' + source.read_bytes())
    return digest.hexdigest()[:16]


def fingerprint() -> str:
    """Hash of everything that compiled code depends on."""
    digest = hashlib.sha256(sources().encode())
    for part in (
        np.__version__,
        numba.__version__,
        llvmlite.__version__,
        platform.python_version(),
        platform.machine(),
        CPU,
        FEATURES,
    ):
        digest.update(b'\0' + part.encode())
    return digest.hexdigest()[:16]


def cache_folder() -> tuple[Path | None, str]:
    """The folder for compiled kernels (None: there is none), and a note about it.

    ``FASTRNN_CACHE`` replaces the user's cache folder. Warns if other users can write to it, or this user can't.
    """
    root = default_root()
    folder = root / f'kernels-{fingerprint()}'
    try:
        make_private(folder)
        probe = folder / f'.probe-{os.getpid()}'
        probe.touch()
        probe.unlink()
    except NotPrivate as error:
        note = f'every run compiles the kernels again: {error.strerror}'
        warnings.warn(note, RuntimeWarning, stacklevel=2)
        return temporary_folder(), note
    except OSError as error:
        note = f'{root} cannot be written ({error.strerror}); every run compiles the kernels again'
        warnings.warn(f'{note}; {ELSEWHERE}', RuntimeWarning, stacklevel=2)
        return None, note
    return folder, str(folder)


CACHE_FOLDER, CACHE_NOTE = cache_folder()
SHARED = str(CACHE_FOLDER) == CACHE_NOTE  # True if other processes use it; else there is none, or a temporary one
if CACHE_FOLDER is not None:
    hold_folder(CACHE_FOLDER)  # a lock, so that nobody removes it


class _Frozen(Listener):
    """While Numba compiles, Python's garbage collector skips older objects.

    Otherwise it scans them again and again: a first run took 10.4 s instead of 9.0. Turning it off cost 40 MB.
    """

    def __init__(self) -> None:
        self._depth, self._froze = 0, False

    def on_start(self, event: Any) -> None:
        if self._depth == 0 and gc.get_freeze_count() == 0:  # else other code has frozen objects; these must stay
            gc.collect()
            gc.freeze()
            self._froze = True
        self._depth += 1

    def on_end(self, event: Any) -> None:
        self._depth -= 1
        if self._depth == 0 and self._froze:
            gc.unfreeze()
            self._froze = False


class _Paused(Listener):
    """Compiling does not count as training time."""

    def on_start(self, event: Any) -> None:
        pauses.begin()

    def on_end(self, event: Any) -> None:
        pauses.end()


register('numba:compile', _Frozen())
register('numba:compile', _Paused())


across_forks(global_compiler_lock.acquire, global_compiler_lock.release)  # else forks can't compile

SAVING = 10.0  # seconds to wait for other processes that save kernels


class _InFolder(FunctionCache._impl_class):
    """Numba's class, restricted to the named folder: code next to the sources may be stale."""

    _locator_classes = FunctionCache._impl_class._locator_classes[:1]


class _ForgivingCache(FunctionCache):
    """A cache in which a damaged or read-only file costs a compilation, not the run."""

    _impl_class = _InFolder

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            with paused():
                return super().load_overload(sig, target_context)
        except Exception:  # a truncated pickle raises nearly anything
            self._quietly(self.flush)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with paused():
            self._quietly(self._save_alone, sig, data)

    def _save_alone(self, sig: Any, data: Any) -> None:
        """Save in one process at a time: an index that two processes write at once may name the wrong code."""
        from filelock import FileLock

        with FileLock(Path(self.cache_path) / 'lock', timeout=SAVING):
            super().save_overload(sig, data)

    def _quietly(self, action: Callable[..., None], *args: Any) -> None:
        with suppress(Exception):  # disk full, folder missing, index unreadable
            action(*args)


def jit(function: Callable[..., Any], **options: Any) -> Any:
    """Compile ``function`` without changing its arithmetic, and cache the result."""
    if UNUSABLE:
        return _refusing
    return _cached(numba.njit(**OPTIONS, **options)(function))


def _refusing(*_: Any, **__: Any) -> Any:
    """Replaces kernels, so that the reference engine still works."""
    raise ValueError(UNUSABLE)


def inlined(function: Callable[..., Any]) -> Any:
    """Like :func:`jit`, but each calling kernel inlines it, so that it is not compiled twice."""
    return jit(function, inline='always')


@intrinsic
def variable(typingctx, number):
    """A literal as a variable: Numba gives literal arguments their own types and would compile the callee again."""

    def codegen(context, builder, sig, args):
        return args[0]

    kind = types.unliteral(number)
    return kind(kind), codegen


def _cached(dispatcher: Any) -> Any:
    if CACHE_FOLDER is not None:
        previous, config.CACHE_DIR = config.CACHE_DIR, str(CACHE_FOLDER)
        try:
            with suppress(RuntimeError, OSError):  # the folder has become read-only
                dispatcher._cache = _ForgivingCache(dispatcher.py_func)
        finally:
            config.CACHE_DIR = previous
    return dispatcher
