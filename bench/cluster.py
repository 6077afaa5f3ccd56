"""What more than one process, and more than one machine, buys: measured here, and projected for many hosts.

    pip install '.[mpi]' mpich
    python bench/cluster.py --here               1 and 2 processes of this machine against threads
    python bench/cluster.py [README.md]          two network namespaces as two hosts (Linux, root); prints the table,
                                                 or puts it into the README, between its markers

Some six minutes; ``--quick`` takes one. ``--cores 1,16``: of what hosts the table tells; a host of this machine has one
core in the measurements, and more are taken to share its streams perfectly.

The second measures an iteration of three LSTMs by two processes that talk TCP over a virtual link of 10 and of
1 Gbit/s, and without any exchange by two that have half of the streams each, and nothing to do with each other, at the
same time. What bench/cluster_model.py fits and projects are the exchanges' own seconds, from when both are there until
both have gone on; the iterations stand beside them. The kernel, too, needs a share of the two processors.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cluster_model import STREAMS, Model, Point, fit, volume
from cluster_net import ENVIRONMENT, Link, Net, Unavailable, joined
from cluster_table import MODELS, report
from peers_timing import processor
from table import duration, publish

STEP = Path(__file__).parent / 'cluster_step.py'
MARKERS = '<!-- cluster: made by bench/cluster.py -->', '<!-- end of cluster -->'
MEASURED = (Net(10e9, 50e-6), Net(1e9, 200e-6))
LONE = (1, 2, 4, 8, 16, STREAMS)  # streams of a process alone; half of them, in turn with two hosts
BARS = (('two processes', 'one process', 1.8), ('two processes', 'two threads', 0.93), ('mpiexec', 'one process', 0.99))
Result = dict[str, Any]


def mpiexec() -> str:
    """Its path. Raises Unavailable where there is none."""
    found = shutil.which('mpiexec', path=Path(sys.executable).parent) or shutil.which('mpiexec')
    if found is None or find_spec('mpi4py') is None:
        raise Unavailable("MPI is not there: pip install '.[mpi]' mpich")
    return found


def worker(model: Model, budget: float, streams: int = STREAMS, **options: Any) -> list[str]:
    """The command of one process."""
    given = {'H': model.H, 'layers': model.layers, 'streams': streams, 'shards': 1, 'threads': 1, 'cores': []}
    return [sys.executable, str(STEP), json.dumps(given | {'budget': budget} | options)]


def results(*commands: Sequence[str], environment: Mapping[str, str] | None = None) -> list[Result]:
    """What commands print that run at the same time; none is left behind."""
    with ExitStack() as ends:
        running = []
        for command in commands:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
            )
            ends.callback(_end, process)
            running.append(process)
        printed = [process.communicate()[0] for process in running]
    for process, command in zip(running, commands, strict=True):
        if process.returncode:
            raise SystemExit(f'{" ".join(command)} ended with {process.returncode}')
    return [json.loads(text) for text in printed]


def first(command: Sequence[str]) -> Result:
    return results(command)[0]


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()  # mpiexec hands it on
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def in_turns(sides: Mapping[Any, Callable[[], Result]], turns: int) -> dict[Any, Result]:
    """The run of median seconds of each side, by turns: what slows the machine for a while slows all."""
    runs: dict[Any, list[Result]] = {side: [] for side in sides}
    for _ in range(turns):
        for side, run in sides.items():
            runs[side].append(run())
    return {side: sorted(found, key=lambda run: run['seconds'])[len(found) // 2] for side, found in runs.items()}


# --- this machine ---------------------------------------------------------------------------------------------------


def here(turns: int, budget: float) -> str:
    """Bars of processes against threads, and the memory that is told."""
    model, start = MODELS[0], mpiexec()
    commands = {
        'one process': worker(model, budget),
        'two processes': [start, '-n', '2', *worker(model, budget, shards=2)],
        'two threads': worker(model, budget, threads=2),
        'mpiexec': [start, '-n', '1', *worker(model, budget)],
    }
    found = in_turns({side: partial(first, command) for side, command in commands.items()}, turns)
    words = {'one process': '1 process x 1 thread', 'two processes': '2 processes x 1 thread'}
    words |= {'two threads': '1 process x 2 threads', 'mpiexec': '1 process under mpiexec'}
    lines = ['| what | against | | bar |', '|---|---|---|---|']
    for what, against, bar in BARS:
        mine, other = found[what]['seconds'], found[against]['seconds']
        told = [f'{words[side]} ({duration(seconds)})' for side, seconds in ((what, mine), (against, other))]
        lines.append(f'| {told[0]} | {told[1]} | {other / mine:.3f}x | {bar}x |')
    for side in ('one process', 'two processes'):
        memory, moments = (found[side][part] / 1e6 for part in ('memory', 'moments'))
        lines.append(f"| memory of a process, {words[side]} | | {memory:.1f} MB, the optimizer's {moments:.2f} MB | |")
    return '\n'.join([*lines, '', f'{model.name}, B={STREAMS}, T=64, float32; medians of {turns} turns; {where()}'])


def where() -> str:
    return f'{processor()}, {date.today()}.'


# --- two hosts ------------------------------------------------------------------------------------------------------


def by_two(link: Link, model: Model, budget: float) -> Result:
    """An iteration of two hosts; what they exchanged has to have gone over the link."""
    command, before = worker(model, budget, shards=2, cores=[0, 1]), link.sent()
    sides = [['-n', '1', 'ip', 'netns', 'exec', host, *command] for host in link.hosts]
    (result,) = results([mpiexec(), *sides[0], ':', *sides[1]], environment=ENVIRONMENT)
    expected, sent = result['iterations'] * volume(result['N'], 2), link.sent() - before
    if sent < expected:
        raise SystemExit(f'{sent:,} bytes went over the link, but {expected:,.0f} were exchanged: MPI took another way')
    return result


def alone(model: Model, streams: int, budget: float) -> Result:
    """An iteration without exchange, by two processes that only share the machine."""
    pair = results(*(worker(model, budget, streams, cores=[core]) for core in (0, 1)))
    return pair[0] | {'seconds': statistics.mean(result['seconds'] for result in pair)}


def measure(turns: int, budget: float) -> tuple[list[Point], dict[Model, dict[int, float]], list[str]]:
    """What exchanges take, what one core takes by streams, and remarks."""
    half, points, remarks = STREAMS // 2, list[Point](), list[str]()
    compute = dict[Model, dict[int, float]]()
    for model in MODELS:
        lone = in_turns({streams: partial(alone, model, streams, budget) for streams in LONE}, turns)
        compute[model] = {streams: result['seconds'] for streams, result in lone.items()}
    for net in MEASURED:
        with joined(net) as link:
            for model in MODELS:
                sides: dict[str, Callable[[], Result]] = {
                    'alone': partial(alone, model, half, budget),
                    'two': partial(by_two, link, model, budget),
                }
                found = in_turns(sides, turns)
                two, seconds = found['two'], found['alone']['seconds']
                compute[model][half] = min(seconds, compute[model].get(half, seconds))
                points.append(Point(two['N'], net.rate, net.delay * link.delayed, two['exchange']))
                share = 8 * volume(two['N'], 2) / net.rate / two['exchange']
                remarks.append(
                    f'{model.name}, {net.name}: {duration(two["seconds"])} by two hosts, {duration(seconds)} without '
                    f'exchange; in exchanges {duration(two["exchange"])}, {share:.0%} of the rate'
                )
                print(remarks[-1], file=sys.stderr, flush=True)
            remarks.append(f'{net.name}: segments that were sent again: {link.repeated():,}')
            if not link.delayed:
                remarks[-1] += ', and this kernel has no netem, so that the delay is added by the model'
    return points, compute, remarks


def simulated(turns: int, budget: float, kinds: Sequence[int]) -> str:
    mpiexec()
    points, compute, remarks = measure(turns, budget)
    content = report(fit(points), compute, kinds, remarks)
    return f'{content}\n\nB={STREAMS}, T=64, float32, medians of {turns} turns; measured on {where()}'


def main() -> None:
    parser = argparse.ArgumentParser(description='More than one process, and more than one machine.')
    parser.add_argument('readme', nargs='?')
    parser.add_argument('--here', action='store_true')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--cores', type=lambda given: [int(value) for value in given.split(',')], default=[1, 16])
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by an exception, so that namespaces are removed
    try:
        if given.here:
            print(here(*((2, 0.5) if given.quick else (7, 4.0))))
        else:
            content = simulated(*((1, 0.1) if given.quick else (3, 1.5)), given.cores)
            publish(MARKERS, content, given.readme)
    except Unavailable as reason:
        print(f'skipped: {reason}')


if __name__ == '__main__':
    main()
