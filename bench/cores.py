"""Characters/s for 1 to 64 cores, projected from the share of one thread.

    python bench/cores.py                    the tables, in Markdown
    python bench/cores.py --only "lstm 512"  only models with this in their name
    python bench/cores.py --l3 400           GB/s of the L3 caches of all cores together

One thread of a team of groups x shares runs alone on a core, without waiting: the last one, which has the most work. A
projection is its time and

- the team's barriers, which are counted. A barrier of two threads is measured. One of N threads takes N/2 times as
  long: each adds to the same cache line, which moves from core to core;
- as an upper limit, the bandwidth of the L3 caches for all bytes that the threads move past their L2 caches: that of a
  copying loop on two cores, in proportion to the number of cores, or --l3.

It ignores the cost of reading what another core has just written. Two cores show how much that is: the second table
compares their projections with measurements. Every time is the best of some rounds. If a barrier takes more than about
60 ns, the two cores share no cache. On virtual machines this happens for minutes: measure again later.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cases
import numpy as np
from peers_cases import Case
from peers_timing import processor
from phases import Trained, barrier_seconds

from fastrnn.kernels.batched.gemm import width
from fastrnn.kernels.team import ARRIVALS, SYNC, Team, give_up, make_sync
from fastrnn.parallel.threads import ThreadTeam

MODELS = [Case('lstm', H, B, layers, T=32) for H, layers in ((256, 1), (512, 1), (512, 2)) for B in (16, 64, 256)]
CORES = (1, 2, 4, 8, 16, 32, 64)
BAR = Case('lstm', 512, 16, T=32)
OF_BAR = (8, 16)  # threads
ROUNDS, ROUND = 12, 0.02  # rounds, and seconds of each: of many short ones, some are undisturbed
WAKE = 4.0  # seconds until both cores of a virtual machine are awake
L2 = Path('/sys/devices/system/cpu/cpu0/cache/index2/size')
COPIED = 2**21  # bytes that a core copies repeatedly: larger than an L2 together with the copy, smaller than an L3

# --- measured -------------------------------------------------------------------------------------------------------


def best(runs: Sequence[Callable[[int], Any]]) -> list[float]:
    """Seconds per iteration of each run, the best of rounds in turn."""
    counts, found = [], [float('inf')] * len(runs)
    for run in runs:
        run(1)
        start = time.perf_counter()
        run(1)
        counts.append(max(1, round(ROUND / (time.perf_counter() - start))))
    for _ in range(ROUNDS):
        for k, (run, count) in enumerate(zip(runs, counts, strict=True)):
            start = time.perf_counter()
            run(count)
            found[k] = min(found[k], (time.perf_counter() - start) / count)
    return found


class Share(NamedTuple):
    """The work of one thread of a team in an iteration."""

    groups: int
    shares: int
    seconds: float  # alone on a core
    of_team: float  # barriers of all threads
    of_group: float  # barriers of its group

    @property
    def threads(self) -> int:
        return self.groups * self.shares

    @property
    def name(self) -> str:
        return f'{self.groups} x {self.shares}'


class Alone:
    """The last thread of a team, without the others. Its gradients are incomplete, so the learning rate is 0."""

    def __init__(self, trained: Trained, groups: int, shares: int) -> None:
        self.trained, self.groups, self.shares, self.done = trained, groups, shares, 0
        self.sync = make_sync(groups)
        give_up(self.sync)

    def run(self, iterations: int) -> None:
        self.done += iterations
        size, losses = self.groups * self.shares, np.zeros((iterations, self.trained.case.B))
        team = Team(size - 1, size, self.shares, self.sync, 0, 0)
        self.trained.share(team, np.zeros(iterations), losses)

    def share(self, seconds: float) -> Share:
        arrivals = self.sync[ARRIVALS::SYNC] / self.done  # per iteration: of the team, and of each group
        return Share(self.groups, self.shares, seconds, arrivals[0], arrivals[-1])


def measure(case: Case, teams: Sequence[tuple[int, int]], ids: Any, V: int) -> tuple[Trained, list[Share]]:
    """The share of one thread, for each team of groups x shares."""
    trained = Trained(case, ThreadTeam(1), ids, V)
    trained.run(2)  # fills the buffers with realistic values
    threads = [Alone(trained, *team) for team in teams]
    times = best([thread.run for thread in threads])
    return trained, [thread.share(seconds) for thread, seconds in zip(threads, times, strict=True)]


def pairs(case: Case, most: int) -> list[tuple[int, int]]:
    """Groups and shares without idle threads, up to ``most`` threads: powers of two."""
    panels = -(-case.H // width(np.dtype(case.dtype).itemsize))
    counts = [size for size in CORES if size <= most]
    return [(g, s) for g in counts for s in counts if g * s <= most and g <= case.B and s <= panels]


def copies(n: int, x: Any, out: Any) -> None:
    for _ in range(n):
        np.copyto(out, x)


def l3_rate(threads: int) -> float:
    """Bytes per second that this many cores read and write together."""
    team = ThreadTeam(threads)
    arrays = [np.ones((2, COPIED // 4), np.float32) for _ in range(threads)]
    (seconds,) = best([lambda n: team.run(lambda thread: copies(n, *arrays[thread.rank]))])
    team.close()
    return 2 * threads * COPIED / seconds


def l2_size() -> int:
    """Bytes of the L2 cache of a core."""
    return int(L2.read_text().strip().rstrip('K')) * 1024 if L2.exists() else 2**20


# --- projected ------------------------------------------------------------------------------------------------------


class Machine(NamedTuple):
    barrier: float  # seconds, for two threads
    l3: float  # bytes per second and core
    l3_in_all: float  # upper limit for all cores
    l2: int  # bytes per core

    def wait(self, threads: int) -> float:
        """Seconds per barrier."""
        return self.barrier * threads / 2 if threads > 1 else 0.0


def moved(trained: Trained, share: Share, l2: int) -> int:
    """Approximate bytes that all threads read and write past their L2 caches in an iteration."""
    work, (_, weights, packed), T = trained.engine.work, trained.engine.network, trained.case.T
    # dz: written forward, read and written backward, read for the vector gradients, read and packed for the matrices
    window = 5 * work.blocks.nbytes + 2 * work.hs.nbytes + 3 * work.ys.nbytes + 2 * work.dhs.nbytes + 2 * work.Wx.nbytes
    hidden = share.threads * work.hs[:, 0].nbytes  # each thread packs all of them
    update = 12 * weights.flat.nbytes  # gradients, moments, weights, packed weights
    factors = (
        packed.WhhT,
        packed.Whh,
        packed.WihT,
        packed.Wih,
    )  # of each layer; read in each step if L2 is too small
    read: list[int] = [each.nbytes for each in factors if len(each) and each[0].nbytes / share.shares > l2]
    return int(window + hidden + update + T * share.groups * sum(read))


def project(trained: Trained, share: Share, machine: Machine) -> float:
    """Seconds per iteration."""
    waits = share.of_team * machine.wait(share.threads) + share.of_group * machine.wait(share.shares)
    bandwidth = min(machine.l3 * share.threads, machine.l3_in_all)
    return max(share.seconds + waits, moved(trained, share, machine.l2) / bandwidth)


# --- the tables -----------------------------------------------------------------------------------------------------

Projected = dict[Share, float]  # seconds per iteration


def project_all(case: Case, machine: Machine, ids: Any, V: int) -> Projected:
    """Projections for teams of all sizes."""
    trained, shares = measure(case, pairs(case, CORES[-1]), ids, V)
    return {share: project(trained, share, machine) for share in shares}


def row(case: Case, projected: Projected) -> str:
    """Characters/s for each number of cores, with its best team."""
    cells = [case.name, str(case.B)]
    for cores in CORES:
        share = min((share for share in projected if share.threads <= cores), key=projected.__getitem__)
        team = f' ({share.name})' if share.threads > 1 else ''
        cells.append(f'{case.B * case.T / projected[share]:,.0f}{team}')
    return f'| {" | ".join(cells)} |'


def check(case: Case, projected: Projected, ids: Any, V: int) -> list[str]:
    """Projections and measurements for the teams that this machine can run."""
    here = [share for share in projected if share.threads <= 2]
    teams = [ThreadTeam(share.threads, share.shares) for share in here]
    trained = [Trained(case, team, ids, V) for team in teams]
    until = time.perf_counter() + WAKE
    while time.perf_counter() < until:
        trained[-1].run(1)
    times = best([each.run for each in trained])
    rows = []
    for share, team, seconds in zip(here, teams, times, strict=True):
        rates = [case.B * case.T / each for each in (projected[share], seconds)]
        columns = f'{rates[0]:,.0f} | {rates[1]:,.0f} | {rates[1] / rates[0]:.0%} | {barrier_seconds(team) * 1e9:.0f}'
        rows.append(f'| {case.name} | {case.B} | {share.name} | {columns} |')
        team.close()
    return rows


def bar(ids: Any, V: int) -> list[str]:
    """What one of many threads reaches alone on a core, relative to one thread that does everything."""
    teams = [(groups, shares) for groups, shares in pairs(BAR, max(OF_BAR)) if groups * shares in OF_BAR]
    _, (whole, *shares) = measure(BAR, [(1, 1), *teams], ids, V)
    rows = []
    for share in sorted(shares, key=lambda share: share.threads):
        rate, of_whole = BAR.flops(V) / share.threads / share.seconds, whole.seconds / share.threads / share.seconds
        rows.append(f'| {share.threads} | {share.name} | {rate / 1e9:.0f} | {of_whole:.0%} |')
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Many cores, projected from one thread's share")
    parser.add_argument('--only', metavar='NAME', default='', help='models whose name has this: lstm 512')
    parser.add_argument('--l3', metavar='GB/s', type=float, default=float('inf'), help='of the L3 caches of all cores')
    args = parser.parse_args()
    chosen = [case for case in MODELS if args.only.lower() in case.name.lower()]
    if not chosen:
        parser.error(f'no model has {args.only!r} in its name')
    corpus, pair = cases.text(), ThreadTeam(2)
    ids, V = np.asarray(corpus.ids), len(corpus.chars)
    copied = [l3_rate(threads) for threads in (1, 2)]
    machine = Machine(barrier_seconds(pair), copied[1] / 2, args.l3 * 1e9, l2_size())
    pair.close()
    columns = ' | '.join(f'{cores} core{"s" * (cores > 1)}' for cores in CORES)
    rows = [f'| projection, characters/s (groups x shares) | B | {columns} |', '|---' * (2 + len(CORES)) + '|']
    checks = [
        '| projection, characters/s | B | groups x shares | projected | measured | of it | a barrier, ns |',
        '|---' * 7 + '|',
    ]
    for case in chosen:
        projected = project_all(case, machine, ids, V)
        rows.append(row(case, projected))
        checks += check(case, projected, ids, V)
        print('\n'.join([rows[-1], *checks[-3:]]), file=sys.stderr)
    title = f'projection: threads, each with its share of {BAR.name} with {BAR.B} streams'
    bars = [
        f'| {title} | groups x shares | GFLOP/s of a share, alone on a core | of one thread with all |',
        '|---' * 4 + '|',
    ]
    bars += bar(ids, V)
    print('\n\n'.join('\n'.join(block) for block in (rows, checks, bars)))
    waits = f'A barrier of two threads takes {machine.barrier * 1e9:.0f} ns'
    caches = f'copies reach {copied[0] / 1e9:.0f} GB/s on one core, {copied[1] / 1e9:.0f} on two'
    print(f'\nA projection from two cores, T = {MODELS[0].T}, V = {V}; {processor()}. {waits}; {caches}.')


if __name__ == '__main__':
    main()
