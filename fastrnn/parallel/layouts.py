"""Layouts of threads that are worth trying: their number, and what they share."""

import warnings
from functools import cache
from typing import NamedTuple

from ..system.cores import physical
from .threads import share_of_processors


class Layout(NamedTuple):
    """Groups of threads share streams (or rows); within a group, ``shares`` threads share the hidden units."""

    groups: int
    shares: int = 1

    @property
    def size(self) -> int:
        return self.groups * self.shares

    @property
    def half(self) -> 'Layout':
        return Layout(self.groups // 2, self.shares) if self.groups > 1 else Layout(1, max(1, self.shares // 2))


ALONE = Layout(1)


def layouts_for_streams(
    B: int, panels: int, flops: int, flops_per_thread: int, asked: int | None = None
) -> list[Layout]:
    """Layouts for B streams. Hidden units make ``panels`` panels; a time step has ``flops`` flops.

    All layouts with ``asked`` threads; also smaller ones if that many can't run at once.
    """
    most = min(share_of_processors(), B * panels)
    if asked is not None and asked <= most and _of_size(asked, B, panels):
        return _of_size(asked, B, panels)
    sizes = {_fitting(size, B, panels) for size in numbers(min(most, asked or most, flops // flops_per_thread))}
    return [layout for size in sorted(sizes) for layout in _of_size(size, B, panels)]


def counts_for_rows(rows: int, rows_per_thread: int, asked: int | None = None, grain: int = 1) -> list[int]:
    """Numbers of threads to try for products with one row after the other; ``asked`` as above.

    Each thread gets at least ``grain`` rows.
    """
    if asked is not None and asked <= min(share_of_processors(), max(1, rows // grain)):
        return [asked]
    return numbers(min(8, asked or 8, rows // rows_per_thread))


def numbers(most: int) -> list[int]:
    """Numbers of threads to try: powers of two up to the physical cores, all cores, all hyperthreads."""
    most = max(1, min(share_of_processors(), most))
    cores = min(physical(), most) if most > 1 else 1
    return sorted({1 << k for k in range(cores.bit_length())} | {cores, most})


def _of_size(size: int, B: int, panels: int) -> list[Layout]:
    """Layouts without idle threads; most groups first, because groups wait for each other least."""
    shares = [count for count in range(1, min(size, panels) + 1) if size % count == 0 and size // count <= B]
    return [Layout(size // count, count) for count in shares]


def _fitting(size: int, B: int, panels: int) -> int:
    """The largest number of threads up to ``size`` that has a layout."""
    return next(count for count in range(size, 0, -1) if _of_size(count, B, panels))


@cache
def tell_of_too_many(asked: int | None, most: int) -> None:
    """Warn once if ``asked`` exceeds ``most``, the number of threads that will run."""
    if asked is None or asked <= most:
        return
    there = share_of_processors()
    why = 'there are too few streams and hidden units'
    if asked > there == most:
        why = f'this process has {there:,} processor{"s" * (there > 1)}'
    told = f'threads is {asked:,}, but {why}: at most {most:,} will run, with the same results'
    warnings.warn(told, RuntimeWarning, stacklevel=2)
