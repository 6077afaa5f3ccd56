"""The time of each phase of the batched engine's iteration, with one thread and with two.

    python bench/phases.py                    a table for each case of bench/peers_cases.py with several streams
    python bench/phases.py --only "lstm 256"  only cases with this in their name
    python bench/phases.py --shares 2         two threads share the units of all streams; by default they share streams

phases_loops.py repeats the engine's loops with a clock between its kernels. Its losses must be bit-identical to the
engine's, and the last row of a table is the engine itself, timed in turn. Times of two threads are the mean of both.
sgemm is a large product with NumPy's BLAS and the same number of threads. The time of a barrier shows whether the two
cores share a cache: on a virtual machine it may be 50 ns, and 300 ns minutes later. Reading the other thread's data
then takes longer by the same factor.
"""

import argparse
import statistics
import time
from functools import partial
from typing import Any, NamedTuple

import cases
import numba
import numpy as np
import phases_loops
from peers_cases import CASES, Case
from peers_timing import blas_kernels, gemm_rate, processor
from phases_loops import PHASES

from fastrnn.engines import compile_ahead
from fastrnn.engines.batched_streams import as_weights
from fastrnn.engines.engine import BatchedEngine
from fastrnn.kernels.batched import train
from fastrnn.kernels.batched.buffers import Trainer, for_thread
from fastrnn.kernels.team import Team
from fastrnn.model.architecture import Architecture
from fastrnn.parallel.threads import ThreadTeam

VERIFIED = 5  # iterations
ROUNDS, SECONDS = 7, 0.3  # rounds of both sides in turn, and approximate seconds of each
SEEN = 5e-8  # seconds per iteration: shorter phases are skipped
WAITS, WAITING = 2_000, 1.0  # barriers per round, and seconds of all rounds


class Profile(NamedTuple):
    """Seconds per iteration of a case, with a number of threads."""

    phases: Any  # (phases,), the mean over threads
    whole: float  # as the engine trains
    gemm: float  # GFLOP/s of a large product


class Trained:
    """An engine trained by a team: with its own loops, or with those of phases_loops.py and a watch per thread."""

    def __init__(self, case: Case, team: ThreadTeam, ids: Any, V: int) -> None:
        self.case, self.team, self.ids, self.engine = case, team, ids, BatchedEngine(case.config(team.size), ids, V)
        compile_ahead.wait()  # waits for the compiling process
        work = self.engine.work
        self.works = [work, *(for_thread(work) for _ in range(team.size - 1))]  # the engine may have fewer processors
        self.watches = [phases_loops.make_watch() for _ in range(team.size)]

    def run(self, iterations: int, *, watched: bool = False) -> Any:
        """Train; returns the losses of each stream."""
        rates, losses = np.full(iterations, self.case.rate), np.zeros((iterations, self.case.B))
        self.team.run(lambda team: self.share(team, rates, losses, watched=watched))
        self.engine._position = self.engine._passes.after(self.engine._position, iterations)
        self.engine._steps += iterations
        return losses

    def read(self, iterations: int) -> Any:
        """The next windows, and where streams reset their state."""
        return self.engine._passes.read(self.engine._position, self.engine._steps, iterations)

    def share(self, team: Team, rates: Any, losses: Any, *, watched: bool = False) -> None:
        """The work of one thread, in iterations with these learning rates."""
        engine = self.engine
        grads, shards = as_weights(engine.grads), engine._exchange.shards
        trainer = Trainer(engine.network, grads, engine.optimizer, engine.dropout, shards)
        work = self.works[team.rank % len(self.works)]  # bench/cores.py runs one thread of a larger team
        args = team, trainer, *self.read(rates.size), engine._steps, rates, work, losses
        if watched:
            phases_loops.train(*args, self.watches[team.rank])
        else:
            train.train(*args)

    def seconds(self, iterations: int) -> float:
        """Seconds per iteration with the engine's loops."""
        start = time.perf_counter()
        self.run(iterations)
        return (time.perf_counter() - start) / iterations

    def phases(self, iterations: int) -> Any:
        """Seconds per phase and iteration."""
        for watch in self.watches:
            watch.spent[:] = 0
        self.run(iterations, watched=True)
        return np.mean([watch.spent for watch in self.watches], axis=0) / iterations / 1e9


def profile(case: Case, team: ThreadTeam, ids: Any, V: int) -> Profile:
    engine, watched = Trained(case, team, ids, V), Trained(case, team, ids, V)
    if not np.array_equal(engine.run(VERIFIED), watched.run(VERIFIED, watched=True)):
        raise SystemExit(
            f"{case.name}: other losses than the engine's; make bench/phases_loops.py do what train.py does"
        )
    count = max(2, round(SECONDS / engine.seconds(VERIFIED)))
    whole, phases = [], []
    for _ in range(ROUNDS):
        whole.append(engine.seconds(count))
        phases.append(watched.phases(count))
    return Profile(np.median(phases, axis=0), statistics.median(whole), gemm_rate(case.dtype, team.size, ROUNDS))


def barrier_seconds(team: ThreadTeam) -> float:
    """Seconds per barrier if all threads of a team come at once, the best of some rounds."""
    times: list[float] = []
    while sum(times) * WAITS < WAITING:
        start = time.perf_counter()
        team.run(partial(phases_loops.wait, n=WAITS))
        times.append((time.perf_counter() - start) / WAITS)
    return min(times)


# --- the tables -----------------------------------------------------------------------------------------------------


def flops(case: Case, V: int) -> dict[str, int]:
    """Flops of the phases that are products."""
    sizes = Architecture.of(case.config(), V).sizes
    recurrent, inputs, outputs = (2 * sizes[name] * case.T * case.B for name in ('Whh', 'Wih', 'Why'))
    return {
        'input products, forward': inputs,
        'recurrent products, forward': recurrent,
        'output products': 2 * outputs,
        'recurrent products, back': recurrent * (case.T - 1) // case.T,
        'input products, back': inputs,
        'outer products': recurrent + inputs + outputs,
    }


def row(name: str, times: list[float], flops: int, found: list[Profile]) -> str:
    """A row for a phase or a whole iteration: times with one thread and with two."""
    cells = [name]
    for taken, each in zip(times, found, strict=True):
        rate = flops / taken / 1e9 if taken else 0
        cells += [
            f'{taken * 1e6:,.0f}',
            f'{taken / each.whole:.1%}',
            f'{rate:.0f} ({rate / each.gemm:.0%})' * bool(flops),
        ]
    cells.append(f'{times[0] / times[1]:.2f}x' * (name != PHASES[-1]))
    return f'| {" | ".join(cells)} |'


def table(case: Case, teams: list[ThreadTeam], ids: Any, V: int) -> list[str]:
    found = [profile(case, team, ids, V) for team in teams]
    titles = ' | '.join(f'{threads}: µs | share | GFLOP/s (of sgemm)' for threads in ('one thread', 'two threads'))
    rows = [f'| {case.name}, B = {case.B}, T = {case.T} | {titles} | 1 → 2 |', '|---' * 8 + '|']
    products = flops(case, V)
    for k, name in enumerate(PHASES):
        times = [float(each.phases[k]) for each in found]
        if max(times) > SEEN:
            rows.append(row(name, times, products.get(name, 0), found))
    rows.append(row('**sum**', [float(each.phases.sum()) for each in found], case.flops(V), found))
    rows.append(row('**iteration of the engine**', [each.whole for each in found], case.flops(V), found))
    return [*rows, '', f'A barrier of two threads takes {barrier_seconds(teams[1]) * 1e9:.0f} ns.']


def main() -> None:
    parser = argparse.ArgumentParser(description='An iteration of the batched engine, by phase')
    parser.add_argument('--only', metavar='NAME', default='', help='cases whose name has this: gru, lstm 256')
    parser.add_argument('--shares', type=int, choices=(1, 2), default=1, help='2: two threads share units, not streams')
    args = parser.parse_args()
    chosen = [case for case in CASES if case.B > 1 and args.only.lower() in case.name.lower()]
    if not chosen:
        parser.error(f'no case with several streams has {args.only!r} in its name')
    corpus, teams = cases.text(), [ThreadTeam(1), ThreadTeam(2, args.shares)]
    ids, V = np.asarray(corpus.ids), len(corpus.chars)
    for case in chosen:
        print('\n'.join(table(case, teams, ids, V)), end='\n\n', flush=True)
    shared = 'units of all streams' if args.shares == 2 else 'streams'
    blas = f'NumPy {np.__version__}, whose BLAS takes it for {blas_kernels()}'
    print(f'{processor()}; {blas}; Numba {numba.__version__}.')
    print(f'V = {V}. Two threads share {shared}.')
    teams[1].close()


if __name__ == '__main__':
    main()
