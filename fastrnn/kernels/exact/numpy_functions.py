"""NumPy's own BLAS and elementwise loops, callable from nopython code.

Identical bits need identical functions: libm's tanh, LLVM's exp and other BLAS libraries round differently. The BLAS
comes from the library that NumPy loaded, and the loops from the public struct ``PyUFuncObject`` of NumPy's C API.
Kernels receive the addresses as integers in a ``Native``, so that they stay cacheable.

If an address is 0 (not found, or ``FASTRNN_PORTABLE=1``), jitted code computes the same results up to rounding.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..jit import jit


class Native(NamedTuple):
    """Addresses of NumPy's functions for one dtype; 0: use jitted code."""

    gemv: int
    dot: int
    tanh: int
    tanh_data: int
    exp: int
    exp_data: int
    log: int
    log_data: int


PORTABLE = Native(0, 0, 0, 0, 0, 0, 0, 0)

# scipy-openblas wheels, OpenBLAS with 64-bit integers, Apple's Accelerate with 64-bit and 32-bit integers, other CBLAS.
# Accelerate also has an older version under the last name.
_CBLAS_NAMES = ('scipy_cblas_{}64_', 'cblas_{}64_', 'cblas_{}$NEWLAPACK$ILP64', 'cblas_{}$NEWLAPACK', 'cblas_{}')

ROW_MAJOR, NO_TRANS, TRANS = 101, 111, 112


class _UFunc(ctypes.Structure):
    """The start of ``PyUFuncObject``, behind the object header."""

    _fields_ = (
        ('nin', ctypes.c_int),
        ('nout', ctypes.c_int),
        ('nargs', ctypes.c_int),
        ('identity', ctypes.c_int),
        ('functions', ctypes.POINTER(ctypes.c_void_p)),
        ('data', ctypes.POINTER(ctypes.c_void_p)),
        ('ntypes', ctypes.c_int),
        ('reserved1', ctypes.c_int),
        ('name', ctypes.c_char_p),
    )


def _loop(ufunc: np.ufunc, signature: str) -> tuple[int, int]:
    """Address and data pointer of a ufunc's inner loop, e.g. of np.tanh for 'd->d'; (0, 0) if not found."""
    struct = _UFunc.from_address(id(ufunc) + object.__basicsize__)
    described = (struct.nin, struct.nout, struct.nargs, struct.ntypes, struct.name)
    expected = (ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes, ufunc.__name__.encode())
    if described != expected or signature not in ufunc.types:
        return 0, 0
    index = ufunc.types.index(signature)
    return struct.functions[index] or 0, struct.data[index] or 0


def _cblas(function: str) -> tuple[int, str]:
    """Address and name of a CBLAS function in the library that NumPy loaded; (0, '') if not found."""
    for library in _libraries():
        for pattern in _CBLAS_NAMES:
            name = pattern.format(function)
            if hasattr(library, name):
                return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0, name
    return 0, ''


def _libraries() -> Iterator[ctypes.CDLL]:
    """Libraries that may contain NumPy's BLAS: the module that calls it, then the libraries of NumPy's wheel.

    Windows searches only the module itself for a name, not the libraries that the module loads.
    """
    module = import_module('numpy._core._multiarray_umath').__file__
    numpy = Path(np.__file__).parent
    for path in (module, *_of_the_wheel(numpy)):
        with suppress(OSError):
            yield ctypes.CDLL(str(path))


def _of_the_wheel(numpy: Path) -> list[Path]:
    """The BLAS of NumPy's wheel: libscipy_openblas64_-*.dll or .so next to the package; on macOS .dylib in it."""
    folders = numpy.with_name('numpy.libs'), numpy / '.dylibs'
    return [path for folder in folders for path in sorted(folder.glob('*openblas*'))]


def find(dtype: Any = np.float64) -> Native:
    """The addresses of NumPy's functions for ``dtype`` (float64 or float32)."""
    if os.environ.get('FASTRNN_PORTABLE') == '1':
        return PORTABLE
    char = np.dtype(dtype).char
    prefix = {'d': 'd', 'f': 's'}[char]
    signature = f'{char}->{char}'
    return Native(
        _cblas(prefix + 'gemv')[0],
        _cblas(prefix + 'dot')[0],
        *_loop(np.tanh, signature),
        *_loop(np.exp, signature),
        *_loop(np.log, signature),
    )


def describe() -> dict[str, str]:
    """The implementation of each function, in words, for ``fastrnn info``."""
    if os.environ.get('FASTRNN_PORTABLE') == '1':
        return dict.fromkeys(('gemv', 'tanh', 'exp', 'log'), 'portable (FASTRNN_PORTABLE=1)')
    found = {'gemv': _cblas('dgemv')[1] or 'portable (no CBLAS found in NumPy)'}
    for ufunc in (np.tanh, np.exp, np.log):
        address = _loop(ufunc, 'd->d')[0]
        found[ufunc.__name__] = "NumPy's own loop" if address else 'portable (loop not found)'
    return found


@intrinsic
def _call_gemv(typingctx, address, trans, A, x, y):
    """y = A @ x, or A.T @ x, by ``cblas_?gemv``; the rows of A are contiguous."""
    signature = types.void(types.intp, types.intp, A, x, y)

    def codegen(context, builder, sig, args):
        address, trans, *arrays = args
        a, x, y = (
            context.make_array(ty)(context, builder, value) for ty, value in zip(sig.args[2:], arrays, strict=True)
        )
        rows, columns = cgutils.unpack_tuple(builder, a.shape)
        i32, i64, real = ir.IntType(32), ir.IntType(64), context.get_data_type(sig.args[2].dtype)
        pointer = real.as_pointer()
        # integers are passed as 64 bits: a BLAS with 32-bit integers reads the lower half
        kinds = [i32, i32, i64, i64, real, pointer, i64, pointer, i64, real, pointer, i64]
        function = builder.inttoptr(address, ir.FunctionType(ir.VoidType(), kinds).as_pointer())
        order, trans = i32(ROW_MAJOR), builder.trunc(trans, i32)
        itemsize = sig.args[2].dtype.bitwidth // 8
        lda, one = builder.sdiv(cgutils.unpack_tuple(builder, a.strides)[0], i64(itemsize)), i64(1)
        builder.call(
            function, [order, trans, rows, columns, real(1.0), a.data, lda, x.data, one, real(0.0), y.data, one]
        )
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _call_dot(typingctx, address, x, y):
    """x . y by ``cblas_?dot``."""
    signature = x.dtype(types.intp, x, y)

    def codegen(context, builder, sig, args):
        address, *arrays = args
        x, y = (context.make_array(ty)(context, builder, value) for ty, value in zip(sig.args[1:], arrays, strict=True))
        i64, real = ir.IntType(64), context.get_data_type(sig.args[1].dtype)
        pointer = real.as_pointer()
        kinds = [i64, pointer, i64, pointer, i64]
        function = builder.inttoptr(address, ir.FunctionType(real, kinds).as_pointer())
        (size,) = cgutils.unpack_tuple(builder, x.shape)
        return builder.call(function, [size, x.data, i64(1), y.data, i64(1)])

    return signature, codegen


@intrinsic
def _call_loop(typingctx, address, data, x, y, size):
    """y[:size] = f(x[:size]) by a ufunc's inner loop, both contiguous: loop(char **, dims, strides, data)."""
    signature = types.void(types.intp, types.intp, x, y, types.intp)

    def codegen(context, builder, sig, args):
        address, data, x, y, size = args
        byte_pointer, i64 = ir.IntType(8).as_pointer(), ir.IntType(64)
        pointers = cgutils.alloca_once(builder, ir.ArrayType(byte_pointer, 2))
        dimension = cgutils.alloca_once(builder, i64)
        strides = cgutils.alloca_once(builder, ir.ArrayType(i64, 2))
        itemsize = i64(sig.args[2].dtype.bitwidth // 8)
        for position, (ty, value) in enumerate(((sig.args[2], x), (sig.args[3], y))):
            array = context.make_array(ty)(context, builder, value)
            start = builder.bitcast(array.data, byte_pointer)
            builder.store(start, cgutils.gep_inbounds(builder, pointers, 0, position))
            builder.store(itemsize, cgutils.gep_inbounds(builder, strides, 0, position))
        builder.store(size, dimension)
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer] * 4)
        function = builder.inttoptr(address, kind.as_pointer())
        arguments = [builder.bitcast(a, byte_pointer) for a in (pointers, dimension, strides)]
        builder.call(function, [*arguments, builder.inttoptr(data, byte_pointer)])
        return context.get_dummy_value()

    return signature, codegen


@jit
def gemv(native, A, x, y):
    """y = A @ x as np.dot computes it. A (M, N) with contiguous rows, x (N,), y (M,), overwritten; may be longer."""
    if native.gemv != 0 and A.shape[1] > 1:
        _call_gemv(native.gemv, NO_TRANS, A, x, y)
    else:  # NumPy does not use BLAS for a product with a 1x1 array
        for i in range(A.shape[0]):
            total = 0.0
            for j in range(A.shape[1]):
                total += A[i, j] * x[j]
            y[i] = total


@jit
def gemv_t(native, A, x, y):
    """y = A.T @ x as np.dot computes it. A (M, N) with contiguous rows, x (M,), y (N,), overwritten; may be longer."""
    if native.gemv != 0 and A.shape[1] > 1:
        _call_gemv(native.gemv, TRANS, A, x, y)
    elif native.dot != 0 and A.shape[0] > 1:  # np.dot calls BLAS's dot for a row and a column
        y[0] = 0.0 + _call_dot(native.dot, A[:, 0], x)
    else:
        for j in range(A.shape[1]):
            y[j] = 0.0
        for i in range(A.shape[0]):
            for j in range(A.shape[1]):
                y[j] += A[i, j] * x[i]


@jit
def tanh(native, x, y):
    """y = np.tanh(x), elementwise; both contiguous and of the same size; y is overwritten."""
    if native.tanh != 0:
        _call_loop(native.tanh, native.tanh_data, x, y, x.size)
    else:
        for i in range(x.size):
            y.flat[i] = np.tanh(x.flat[i])


@jit
def exp(native, x, y):
    """y = np.exp(x), elementwise; both contiguous and of the same size; y is overwritten."""
    if native.exp != 0:
        _call_loop(native.exp, native.exp_data, x, y, x.size)
    else:
        for i in range(x.size):
            y.flat[i] = np.exp(x.flat[i])


@jit
def log(native, x, y):
    """y = np.log(x), elementwise; both contiguous and of the same size; y is overwritten."""
    if native.log != 0:
        _call_loop(native.log, native.log_data, x, y, x.size)
    else:
        for i in range(x.size):
            y.flat[i] = np.log(x.flat[i])
