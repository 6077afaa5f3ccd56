"""The time of each phase of the exact engine's iteration, with one thread and with several.

    python bench/exact_phases.py [--threads 2] [--hidden-sizes 50,100,256,512]

A phase is timed by difference: forward alone, forward and output, and so on. All variants run in turn; the best quarter
of many rounds counts. Threads lose time in forward and backward, which have a barrier in each time step and then read
the other thread's half of h or dh. Both take longer if the cores share no L3 cache, so a barrier is timed too. At H =
100 two threads gain 1.55x if it takes 50 ns, and lose if it takes 200 ns (Zen 5).
"""

import argparse
import time
from typing import Any

import cases
import numba
from llvmlite.binding import get_host_cpu_name

from fastrnn.engines.exact import ExactEngine
from fastrnn.kernels.exact.buffers import for_thread
from fastrnn.kernels.exact.rnn import GRAIN, adagrad, backward, forward, one_hot_gradient, output, pack_gradients
from fastrnn.kernels.jit import OPTIONS
from fastrnn.kernels.team import barrier, span
from fastrnn.parallel.threads import ThreadTeam
from fastrnn.settings.options import Settings

PHASES = ('forward', 'output', 'backward', 'one-hot, packing', 'gradients, Adagrad')
T, ROUNDS, SECONDS, BARRIERS = 25, 24, 0.01, 10_000
compiled = numba.njit(**OPTIONS)


@compiled
def iterations(count, phases, native, team, ids, weights, mems, work):  # type: ignore[no-untyped-def]
    """``count`` iterations on the first window with the first ``phases`` phases; each ends with a barrier."""
    inputs, targets = ids[:T], ids[1 : T + 1]
    i0, i1 = span(team, work.dbh.size, GRAIN)
    for _ in range(count):
        if phases > 0:
            forward(native, team, inputs, weights, False, work)
        if phases > 1:
            output(native, team, targets, weights, work)
        if phases > 2:
            backward(native, team, weights, work)
        if phases > 3:
            one_hot_gradient(inputs, False, i0, i1, work)
            pack_gradients(team, work)
        barrier(team)
        if phases > 4:
            adagrad(team, weights, mems, 1e-3, work)
            barrier(team)


def quarter(times: list[float]) -> float:
    return sorted(times)[len(times) // 4]


def cumulated(engine: ExactEngine, corpus: Any, teams: list[ThreadTeam]) -> list[list[float]]:
    """Microseconds per iteration by team and number of phases; 0 phases is a barrier alone."""
    native, weights, mems = engine._native, engine._weights, engine._moments
    works = [engine._work] + [for_thread(engine._work) for _ in range(teams[-1].size - 1)]

    def timed(team: ThreadTeam, phases: int, count: int) -> float:
        count, start = count if phases else BARRIERS, time.perf_counter()
        team.run(lambda one: iterations(count, phases, native, one, corpus.ids, weights, mems, works[one.rank]))
        return (time.perf_counter() - start) / count * 1e6

    timed(teams[0], len(PHASES), 1)  # compiles
    count = max(2, int(SECONDS * 1e6 / timed(teams[0], len(PHASES), 10)))
    sides = [(team, phases) for phases in range(len(PHASES) + 1) for team in teams]
    rounds = [[timed(team, phases, count) for team, phases in sides] for _ in range(ROUNDS)]
    best = [quarter(list(times)) for times in zip(*rounds, strict=True)]
    return [best[k :: len(teams)] for k in range(len(teams))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--hidden-sizes', default=','.join(map(str, cases.HIDDEN_SIZES)))
    args = parser.parse_args()
    corpus, teams = cases.text(), [ThreadTeam(1), ThreadTeam(args.threads)]
    V = len(corpus.chars)
    print(f'{get_host_cpu_name()}, V={V}, T={T}, us an iteration: one thread, {args.threads} threads')
    for H in map(int, args.hidden_sizes.split(',')):
        settings = Settings(hidden_size=H, seq_length=T, seed=0, threads=1)
        engine = ExactEngine(settings, corpus.ids, V)
        one, several = cumulated(engine, corpus, teams)
        engine.close()
        print(f'H={H}: {one[-1]:.1f}, {several[-1]:.1f} ({one[-1] / several[-1]:.2f}x), a barrier {several[0]:.3f}')
        for k, phase in enumerate(PHASES):
            alone, shared = one[k + 1] - one[k], several[k + 1] - several[k]
            print(f'  {phase:20}{alone:8.1f}{shared:8.1f}  {alone / shared:.2f}x')
    for team in teams:
        team.close()


if __name__ == '__main__':
    main()
