"""The gist's own functions, bound to a script's own arrays.

lossFun, sample, adagrad = fastrnn.bind(Wxh, Whh, Why, bh, by)
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..kernels.exact import buffers, outer_products
from ..kernels.exact import numpy_functions as native
from ..kernels.exact import rnn as exact
from ..kernels.team import alone
from ..model.architecture import GIST_NAMES, gist_shapes
from ..model.overflow import OF_TRAINING
from ..settings.checks import as_number
from .exact_stream import ExactStream

Array = NDArray[np.float64]
ARRAYS = np.ndarray, np.memmap


Loss = tuple[np.float64, Array, Array, Array, Array, Array, Array]  # loss, dWxh, dWhh, dWhy, dbh, dby, hprev


class LossFun(Protocol):
    def __call__(
        self, inputs: ArrayLike, targets: ArrayLike, hprev: Array, out: Sequence[Array] | None = None
    ) -> Loss: ...


class Sample(Protocol):
    def __call__(self, h: Array, seed_ix: int, n: int) -> list[int]: ...


class Adagrad(Protocol):
    def __call__(
        self,
        params: Sequence[Array],
        grads: Sequence[Array],
        mems: Sequence[Array],
        learning_rate: float = 0.1,
    ) -> None: ...


class Bound(NamedTuple):
    """What ``bind`` returns."""

    lossFun: LossFun
    sample: Sample
    adagrad: Adagrad


def bind(Wxh: Array, Whh: Array, Why: Array, bh: Array, by: Array) -> Bound:
    """The gist's ``lossFun`` and ``sample`` for these parameters, and its Adagrad step, compiled.

    Threads may share the functions if no thread changes an array while another reads it.

    Parameters
    ----------
    Wxh, Whh, Why, bh, by : ndarray of float64, C-contiguous
        The script's own parameters, shapes (H, V), (H, H), (V, H), (H, 1), (V, 1). The functions share these
        arrays: only in-place changes are seen.

    Returns
    -------
    lossFun(inputs, targets, hprev, out=None)
        ``(loss, dWxh, dWhh, dWhy, dbh, dby, hprev)``, bit-identical to the gist. inputs and targets are
        lists or arrays of T integers, hprev is (H, 1). The loss is in nats, summed over T. ``out`` may be
        six arrays to overwrite and return, in the order of the results.
    sample(h, seed_ix, n)
        n characters, one number from NumPy's global generator for each; h (H, 1) is not changed.
    adagrad(params, grads, mems, learning_rate=0.1)
        ``mem += dparam * dparam; param += -learning_rate * dparam / sqrt(mem + 1e-8)`` in place.

    Raises
    ------
    ValueError
        For a wrong shape, type, layout or index; the message names the argument. ``adagrad`` also raises it for a new
        array in place of a bound one: ``Whh = Whh * 2`` makes a new array, which the functions do not see.
    """
    functions = _Functions((Wxh, Whh, Why, bh, by))
    return Bound(functions.lossFun, functions.sample, functions.adagrad)


def adagrad(params: Sequence[Array], grads: Sequence[Array], mems: Sequence[Array], learning_rate: float = 0.1) -> None:
    """One Adagrad step; changes params and mems (lists of arrays of equal shapes) in place."""
    if not len(params) == len(grads) == len(mems):
        raise ValueError(
            f'params, grads and mems have {len(params)}, {len(grads)} and {len(mems)} arrays; pass equal numbers'
        )
    rate = as_number(learning_rate)
    if rate is None:
        raise ValueError(f'learning_rate is {learning_rate!r}; it must be a number')
    for k, (param, grad, mem) in enumerate(zip(params, grads, mems, strict=True)):
        _check(f'params[{k}]', param, None, writable=True)
        _check(f'grads[{k}]', grad, param.shape)
        _check(f'mems[{k}]', mem, param.shape, writable=True)
    for param, grad, mem in zip(params, grads, mems, strict=True):
        outer_products.adagrad_row(param.reshape(-1), grad.reshape(-1), mem.reshape(-1), float(rate))


class _Functions:
    """The bound functions' parameters and buffers.

    Kernels release the GIL, so each running call needs its own buffers; pop and append are atomic.
    """

    def __init__(self, model: tuple[Array, ...]) -> None:
        for name, param in zip(GIST_NAMES, model, strict=True):
            _check(name, param, None)
        self.H, self.V = model[1].shape[0], model[4].shape[0]
        for (name, shape), param in zip(gist_shapes(self.H, self.V).items(), model, strict=True):
            _check(name, param, shape)
            if not param.size:
                raise ValueError(f'{name} has shape {param.shape}; it must not be empty')
        self._model = model
        self._native, self._team = native.find(), alone()
        self._spare: list[tuple[buffers.Weights, buffers.Work]] = []

    def lossFun(self, inputs: ArrayLike, targets: ArrayLike, hprev: Array, out: Sequence[Array] | None = None) -> Loss:
        """See ``bind``."""
        inputs, targets = self._indices('inputs', inputs), self._indices('targets', targets)
        if inputs.size != targets.size or not inputs.size:
            raise ValueError(
                f'inputs has {inputs.size} and targets {targets.size} characters; pass equal numbers, 1 or more'
            )
        _check('hprev', hprev, (self.H, 1))
        shapes = [param.shape for param in self._model] + [(self.H, 1)]
        if out is None:
            out = [np.empty(shape) for shape in shapes]
        else:
            _check_out(out, shapes)
        weights, work = self._take(inputs.size)
        literal = not exact.all_finite(weights.WxhT.reshape(-1))  # one-hot products with inf or NaN
        work.hs[0, : self.H] = hprev[:, 0]
        work.dWxhT.fill(0.0)
        dWxh, dWhh, dWhy, dbh, dby, h = out
        loss = exact.gradients(self._native, self._team, inputs, targets, weights, literal, work, dWhh, dWhy)
        dWxh[...] = work.dWxhT.T
        dbh[:, 0], dby[:, 0], h[:, 0] = work.dbh, work.dby, work.hs[-1, : self.H]
        self._spare.append((weights, work))
        return np.float64(loss), dWxh, dWhh, dWhy, dbh, dby, h

    def sample(self, h: Array, seed_ix: int, n: int) -> list[int]:
        """See ``bind``."""
        _check('h', h, (self.H, 1))
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise ValueError(f'n is {n}; it must be a whole number, 0 or more')
        first = int(self._indices('seed_ix', [seed_ix])[0])
        weights, work = self._take()
        stream = ExactStream(self._native, weights, work, h[:, 0].copy())
        stream.read([first])
        ixes = stream.draw(np.random, int(n), cause=OF_TRAINING)
        self._spare.append((weights, work))
        return [int(ix) for ix in ixes]

    def adagrad(
        self, params: Sequence[Array], grads: Sequence[Array], mems: Sequence[Array], learning_rate: float = 0.1
    ) -> None:
        """See ``bind``."""
        for k, param in enumerate(params):
            self._check_bound(k, param)
        adagrad(params, grads, mems, learning_rate)

    def _check_bound(self, k: int, param: Any) -> None:
        """Raise ValueError for a new array in place of a bound one."""
        if any(param is bound for bound in self._model) or type(param) not in ARRAYS:
            return
        if any(np.may_share_memory(param, bound) for bound in self._model):
            return
        names = [name for name, bound in zip(GIST_NAMES, self._model, strict=True) if bound.shape == np.shape(param)]
        if names:
            name = ' or '.join(names)
            raise ValueError(
                f'params[{k}] is not the bound {name}: change that in place ({names[0]}[...] = ...), or bind again'
            )

    def _take(self, T: int | None = None) -> tuple[buffers.Weights, buffers.Work]:
        """Weights with the current Wxh, and buffers for T characters.

        Buffers are not reused after an error.
        """
        try:
            weights, work = self._spare.pop()
        except IndexError:
            _, Whh, Why, bh, by = map(_plain, self._model)
            weights = buffers.Weights(np.zeros((self.V, self.H)), Whh, Why, bh.reshape(-1), by.reshape(-1))
            work = buffers.make_work(T or 1, self.H, self.V)
        if T is not None and work.loss.size != T:
            work = buffers.make_work(T, self.H, self.V)
        weights.WxhT[...] = self._model[0].T
        return weights, work

    def _indices(self, name: str, values: ArrayLike) -> NDArray[np.int64]:
        array = np.asarray(values)
        if isinstance(values, np.ma.MaskedArray):
            raise ValueError(f'{name} is a MaskedArray; pass a plain array')
        if array.ndim != 1 or (array.size and array.dtype.kind not in 'iu'):
            raise ValueError(
                f'{name} must be a list or 1-D array of integers, not {array.dtype} of shape {array.shape}'
            )
        outside = (array < 0) | (array >= self.V)
        if outside.any():
            k = int(outside.argmax())
            raise ValueError(f'{name}[{k}] is {array[k]}, but characters are numbered from 0 to {self.V - 1}')
        return array.astype(np.int64)


def _check_out(out: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> None:
    if len(out) != len(shapes):
        raise ValueError(f'out has {len(out)} arrays; give {len(shapes)}: dWxh, dWhh, dWhy, dbh, dby, hprev')
    for k, (array, shape) in enumerate(zip(out, shapes, strict=True)):
        _check(f'out[{k}]', array, shape, writable=True)


def _check(name: str, array: Any, shape: tuple[int, ...] | None, writable: bool = False) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f'{name} is {kind}; it must be an array of float64')
    if type(array) not in ARRAYS:  # a matrix always has two dimensions; a masked array has gaps
        raise ValueError(f'{name} is a {type(array).__name__}; pass np.asarray({name})')
    if shape is None and array.ndim != 2:
        raise ValueError(f'{name} has shape {array.shape}; it must have two dimensions, as in the gist')
    if shape is not None and array.shape != shape:
        raise ValueError(f'{name} has shape {array.shape}; it must be {shape}')
    if not array.flags.c_contiguous:
        raise ValueError(f'{name} is not contiguous; pass np.ascontiguousarray({name})')
    if not array.flags.aligned:
        raise ValueError(f'{name} is not aligned in memory; pass np.require({name}, requirements="CA")')
    if writable and not array.flags.writeable:
        raise ValueError(f'{name} is read-only; pass a writable array')


def _plain(array: Array) -> Array:
    """The same memory with regular strides: NumPy allows any stride for dimensions of size 1."""
    return array.reshape(-1).reshape(array.shape)
