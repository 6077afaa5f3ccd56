"""The time of a step on many hosts: compute + trips x latency + bytes / bandwidth, fitted to what two hosts take.

An iteration has three exchanges (kernels/batched/shards.py): each host sends every other one its slice of the gradient,
then a few norms, then the parameters that it has updated. So of N numbers (P-1)/P leave each of P hosts twice. How
many messages follow one another is MPICH's choice: gradients go out all at once, norms by doubling, and long gathered
arrays around a ring (Thakur, Rabenseifner and Gropp 2005, "Optimization of collective communication operations in
MPICH"). Over TCP a longer message than RENDEZVOUS is announced and asked for, so that it takes three trips.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

ITEMSIZE = 4  # float32
RENDEZVOUS = 3_177_811  # bytes; as UCX 1.x prints by UCX_PROTO_INFO=y for TCP
STREAMS = 64
HOSTS = (2, 4, 8, 16, 32, 64)
PAYS = 1.5  # times as fast with two hosts


class Model(NamedTuple):
    """An LSTM."""

    H: int
    layers: int = 1

    @property
    def name(self) -> str:
        return f'LSTM {f"{self.layers} x " * (self.layers > 1)}{self.H}'

    def parameters(self, V: int) -> int:
        """N, as the architecture counts them."""
        return self.of_lowest(V) + (self.layers - 1) * 4 * self.H * (2 * self.H + 1) + V * (self.H + 1)

    def of_lowest(self, V: int) -> int:
        """Parameters of the lowest layer, which reads characters."""
        return 4 * self.H * (V + self.H + 1)


class Point(NamedTuple):
    """What the exchanges of two hosts were measured to take."""

    N: int
    rate: float  # bits a second, as set
    delay: float  # seconds, one way, where packets were delayed; else 0
    exchange: float  # seconds of an iteration, to which errors are in proportion


class Fit(NamedTuple):
    """What the wire's own time (bits / rate, trips x delay) does not explain."""

    latency: float  # seconds a trip
    per_byte: float  # seconds of the processor a byte
    slower: float  # share by which the wire takes longer than its rate says

    def exchange(self, N: int, hosts: int, rate: float, delay: float) -> float:
        """Seconds of an iteration's exchanges; with one host there are none."""
        sent, wire = volume(N, hosts), 8 * volume(N, hosts) / rate
        return trips(N, hosts) * (self.latency + delay) + sent * self.per_byte + wire * (1 + self.slower)


def volume(N: int, hosts: int) -> float:
    """Bytes that each host sends in an iteration, and as many that it receives."""
    return 2 * ITEMSIZE * N * (hosts - 1) / hosts


def trips(N: int, hosts: int) -> int:
    """How many times in an iteration a host waits for something to cross the net."""
    if hosts == 1:
        return 0
    long = 3 if ITEMSIZE * N / hosts > RENDEZVOUS else 1
    return long + math.ceil(math.log2(hosts)) + (hosts - 1) * long


def fit(points: Sequence[Point]) -> Fit:
    """The least squares of relative errors, of terms that can't be negative."""
    rows = [[trips(p.N, 2), volume(p.N, 2), 8 * volume(p.N, 2) / p.rate] for p in points]
    rest = [p.exchange - trips(p.N, 2) * p.delay - 8 * volume(p.N, 2) / p.rate for p in points]
    weights = np.array([1 / p.exchange for p in points])
    A, y = np.array(rows, float) * weights[:, None], np.array(rest) * weights
    scale = np.linalg.norm(A, axis=0)
    best, found = float(y @ y), np.zeros(3)
    for size in (1, 2, 3):
        for terms in map(list, combinations(range(3), size)):
            x = np.linalg.lstsq(A[:, terms] / scale[terms], y, rcond=None)[0]
            error = float(np.sum((A[:, terms] / scale[terms] @ x - y) ** 2))
            if (x >= 0).all() and error < best * (1 - 1e-9):
                best, found = error, np.zeros(3)
                found[terms] = x / scale[terms]
    return Fit(*map(float, found))


def host_seconds(compute: Mapping[int, float], streams: int, cores: int) -> float:
    """What a host computes with in an iteration: cores share streams, and do so perfectly.

    compute: seconds of one core, by how many streams it has.
    """
    return compute[streams] / min(cores, streams)


def weak(fitted: Fit, N: int, compute: Mapping[int, float], hosts: int, cores: int, rate: float, delay: float) -> float:
    """How many times as many characters a second, where every host has 64 streams."""
    alone = host_seconds(compute, STREAMS, cores)
    return hosts * alone / (alone + fitted.exchange(N, hosts, rate, delay))


def strong(
    fitted: Fit, N: int, compute: Mapping[int, float], hosts: int, cores: int, rate: float, delay: float
) -> float:
    """How many times as many characters a second, where hosts share 64 streams."""
    alone, shared = (host_seconds(compute, STREAMS // count, cores) for count in (1, hosts))
    return alone / (shared + fitted.exchange(N, hosts, rate, delay))


def overlap(
    fitted: Fit, model: Model, V: int, compute: Mapping[int, float], cores: int, rate: float, delay: float
) -> float:
    """What share of two hosts' step could be hidden at most, while the lowest layer is still going backward.

    Then the gradients of all that is above could be on their way: hidden is the shorter of the two. Of a step's
    compute two thirds go backward, of which the lowest layer has its share of the recurrent and output products.
    """
    N, shared = model.parameters(V), host_seconds(compute, STREAMS // 2, cores)
    above = (N - model.of_lowest(V)) * ITEMSIZE / 2
    exchange = above * (fitted.per_byte + 8 / rate * (1 + fitted.slower)) + fitted.latency + delay
    products = 4 * model.H**2 * (2 * model.layers - 1) + V * model.H
    backward = shared * 2 / 3 * 4 * model.H**2 / products
    return min(exchange, backward) / (shared + fitted.exchange(N, 2, rate, delay))
