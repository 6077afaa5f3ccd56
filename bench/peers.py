"""The same models in PyTorch and JAX, as a competent user of each would write them, timed in turn with fastrnn.

    pip install '.[peers]'
    python bench/peers.py                prints the tables
    python bench/peers.py PAGE.md        writes them into a page, between its markers
    python bench/peers.py --only lstm    only cases with this in their name; "sampling" is the second table

Same weights, text, B, T, H, dtype, optimizer and clipping. Before timing, all must agree on the losses of the first
iterations. Libraries that are not installed are skipped, with a note.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import Any

import cases
import numpy as np
from peers_cases import CASES, SAMPLING, Case, Steps
from peers_timing import MODULES, Timed, blas_kernels, gemm_rate, gemm_rates, in_turn, installed, processor
from table import publish
from threadpoolctl import threadpool_limits

import fastrnn
from fastrnn.engines.engine import BatchedEngine, ReferenceEngine
from fastrnn.model.model import Model
from fastrnn.model.torch_names import torch_tensors
from fastrnn.settings.options import Settings

MARKERS = '<!-- peers: made by bench/peers.py -->', '<!-- end of peers -->'
ROUNDS = 5
SECONDS = 0.5  # of each timing, approximately
VERIFIED = 5  # iterations
SAMPLED = 2000  # characters
READ = 500  # characters whose surprisal all must agree on before they sample

# --- training -------------------------------------------------------------------------------------------------------


def trainers(case: Case, ids: Any, V: int) -> dict[str, Steps]:
    """All libraries that can train the case, from the same weights."""
    engine = BatchedEngine(case.config(), ids, V)
    tensors = torch_tensors(engine.params)
    found: dict[str, Steps] = {'fastrnn': engine.run}
    if case.threads > 1:
        found['one thread'] = BatchedEngine(case.config(threads=1), ids, V).run
    if 'PyTorch' in installed():
        import peers_torch

        found['PyTorch'] = peers_torch.make_steps(case, tensors, ids, V)
    if 'JAX' in installed():
        import peers_jax

        found['JAX'] = peers_jax.make_steps(case, tensors, ids, V)
    if case.is_the_gists:
        config = Settings(hidden_size=case.H, seq_length=case.T, seed=0, learning_rate=case.rate)
        found['reference'] = ReferenceEngine(config, ids, V).run
    return found


def verify(losses: dict[str, Any]) -> None:
    """Check that all computed the same losses, to rounding."""
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses['fastrnn'], rtol=1e-5, err_msg=name)


def time_training(case: Case, ids: Any, V: int) -> Timed:
    """Median seconds per iteration."""
    peers = trainers(case, ids, V)
    verify({name: steps(VERIFIED) for name, steps in peers.items()})
    counts = {}
    for name, steps in peers.items():
        start = time.perf_counter()
        steps(VERIFIED)
        counts[name] = max(2, int(SECONDS / (time.perf_counter() - start) * VERIFIED))
        steps(counts[name])  # JAX compiles for this count
    seconds = in_turn({name: partial(steps, counts[name]) for name, steps in peers.items()}, ROUNDS)
    return {name: seconds[name] / counts[name] for name in peers}


def training_row(case: Case, seconds: Timed, V: int, gemm: float) -> str:
    own = seconds['fastrnn']
    rate = case.flops(V) / own / 1e9
    columns = [
        case.name,
        f'{case.B}',
        f'{case.T}',
        f'{case.dtype}, {case.threads}',
        f'{case.B * case.T / own:,.0f} ({own * 1e6:,.0f} µs an iteration)',
        f'{rate:.0f} GFLOP/s, {rate / gemm:.0%}',
        f'{seconds["one thread"] / own:.2f}x' if 'one thread' in seconds else '',
        *(ratio(seconds, name) for name in ('PyTorch', 'JAX', 'reference')),
    ]
    return f'| {" | ".join(columns)} |'


def ratio(seconds: Timed, name: str) -> str:
    return f'**{seconds[name] / seconds["fastrnn"]:.1f}x**' if name in seconds else ''


def training_table(chosen: list[Case], ids: Any, V: int) -> list[str]:
    columns = 'model | B | T | dtype, threads | fastrnn, characters/s | GEMM rate | 1 → 2 threads'
    rows = [f'| {columns} | PyTorch | JAX | reference |', '|---|---|---|---|---|---|---|---|---|---|']
    for case in chosen:
        with threadpool_limits(case.threads, user_api='blas'):
            seconds = time_training(case, ids, V)
        rows.append(training_row(case, seconds, V, gemm_rate(case.dtype, case.threads, ROUNDS)))
        print(rows[-1], file=sys.stderr)
    return rows


# --- sampling -------------------------------------------------------------------------------------------------------


def sampling_table(chars: str, ids: Any) -> list[str]:
    """One stream, character by character; PyTorch uses one thread, its fastest number here."""
    if 'PyTorch' not in installed():
        return []
    import peers_torch

    params = BatchedEngine(SAMPLING.config(), ids, len(chars)).params
    model, tensors = Model(params, chars), torch_tensors(params)
    steps = {
        'PyTorch, nn.LSTM': peers_torch.layer_step(SAMPLING, tensors, len(chars)),
        'PyTorch, nn.LSTMCell': peers_torch.cell_step(SAMPLING, tensors, len(chars)),
    }
    found = fastrnn.evaluate(model, ''.join(chars[ix] for ix in ids[:READ])).bits_per_character
    for name, step in steps.items():
        np.testing.assert_allclose(peers_torch.bits_per_character(step, ids[:READ]), found, rtol=1e-5, err_msg=name)
    runs: dict[str, Callable[[], Any]] = {'fastrnn': lambda: ''.join(fastrnn.sample(model, SAMPLED, seed=0))}
    runs |= {name: partial(peers_torch.draw, step, chars.index('\n'), SAMPLED) for name, step in steps.items()}
    for run in runs.values():
        run()
    seconds = in_turn(runs, ROUNDS)
    own = f'{SAMPLED / seconds["fastrnn"]:,.0f} ({seconds["fastrnn"] / SAMPLED * 1e6:.1f} µs a character)'
    rows = [
        f'| one stream sampled | fastrnn, characters/s | {" | ".join(steps)} |',
        '|---|---|---|---|',
        f'| {SAMPLING.name} | {own} | {" | ".join(ratio(seconds, name) for name in steps)} |',
    ]
    print(rows[-1], file=sys.stderr)
    return rows


# --- the tables -----------------------------------------------------------------------------------------------------


def footer(V: int) -> list[str]:
    versions = ', '.join(f'{name} {version(name)}' for name in ('numpy', 'numba', *installed().values()))
    rates = ', '.join(f'{name} {rate:.0f}' for name, rate in gemm_rates(2, ROUNDS).items())
    lines = [
        f'{processor()}; {versions}, {date.today()}; V = {V}; ratios of medians.',
        f'A large product, float32, two threads, in GFLOP/s: {rates}; there BLAS takes the processor for',
        f"{blas_kernels()}. GEMM rates are shares of such a product in the row's dtype and threads, timed with it.",
    ]
    missing = MODULES.keys() - installed()
    if missing:
        lines.append(f'Not installed, so left out: {", ".join(sorted(missing))}.')
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description='fastrnn, PyTorch and JAX, timed in turn')
    parser.add_argument('page', nargs='?', help='a file with the markers; without one the tables are printed')
    parser.add_argument('--only', metavar='NAME', default='', help='cases whose name has this: gru, sampling')
    args = parser.parse_args()
    if args.only and args.page:
        parser.error(f'{args.page} takes whole tables: leave out --only, or the file')
    name = args.only.lower()
    chosen = [case for case in CASES if name in case.name.lower()]
    sampling = name in f'sampling {SAMPLING.name}'.lower()
    if not chosen and not sampling:
        parser.error(f'no case has {args.only!r} in its name')
    corpus = cases.text()
    ids, chars = corpus.ids, corpus.chars
    blocks = [training_table(chosen, ids, len(chars))] if chosen else []
    blocks += [sampling_table(chars, ids)] if sampling else []
    blocks.append(footer(len(chars)))
    publish(MARKERS, '\n\n'.join('\n'.join(block) for block in blocks if block), args.page)


if __name__ == '__main__':
    main()
