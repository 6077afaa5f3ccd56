"""The same model in PyTorch and JAX, as a competent user of each would write it, timed in turn with fastrnn.

    pip install '.[peers]'
    python bench/peers.py                 prints the table
    python bench/peers.py README.md       puts it into the README, between its markers

Same weights, text, B, T, H, dtype, optimizer and clipping. Before anything is timed, all have to agree on the loss of
the first iterations. What is not installed is left out, and said so.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import cases
import numpy as np
from table import publish
from threadpoolctl import threadpool_limits

from fastrnn.engines.engine import FastEngine, ReferenceEngine
from fastrnn.model.architecture import Architecture
from fastrnn.settings.config import Config

MARKERS = '<!-- peers: made by bench/peers.py -->', '<!-- end of peers -->'
ROUNDS = 5
SECONDS = 0.5  # of each timing, about
REST = 0.3  # seconds before each: some thread pools spin for a while after their work


@dataclass(frozen=True)
class Case:
    H: int
    B: int
    T: int
    dtype: str
    optimizer: str
    threads: int
    rate: float = 1e-3

    def config(self) -> Config:
        return Config(
            engine='fast',
            hidden_size=self.H,
            streams=self.B,
            seq_length=self.T,
            dtype=self.dtype,
            optimizer=self.optimizer,
            threads=self.threads,
            learning_rate=self.rate,
            seed=0,
        )

    def flops(self, V: int) -> int:
        """Of an iteration."""
        return Architecture.of(self.config(), V).training_flops * self.T * self.B


CASES = (
    Case(100, 1, 25, 'float32', 'adagrad', 1),
    Case(100, 1, 25, 'float64', 'adagrad', 1),
    Case(128, 32, 50, 'float32', 'adam', 2),
    Case(256, 64, 50, 'float32', 'adam', 2),
    Case(512, 64, 50, 'float32', 'adam', 2),
    Case(512, 128, 50, 'float32', 'adam', 2),
    Case(1024, 64, 50, 'float32', 'adam', 2),
)

Steps = Callable[[int], Any]  # so many iterations; returns their losses, nats summed over T, mean of streams


def windows(ids: Any, case: Case, n: int) -> tuple[Any, Any]:
    """Inputs and targets (T, B) of iteration n, as the fast engine reads them."""
    length = ids.size // case.B
    starts = np.arange(case.B) * length + n * case.T
    index = starts + np.arange(case.T + 1)[:, None]
    return ids[index[:-1]].astype(np.int64), ids[index[1:]].astype(np.int64)


def in_fastrnn(case: Case, ids: Any, V: int) -> Steps:
    return FastEngine(case.config(), ids, V).run


def in_reference(case: Case, ids: Any, V: int) -> Steps:
    return ReferenceEngine(Config(hidden_size=case.H, seq_length=case.T, seed=0, learning_rate=case.rate), ids, V).run


def in_torch(case: Case, ids: Any, V: int) -> Steps:
    import torch

    torch.set_num_threads(case.threads)
    kind = getattr(torch, case.dtype)
    params = FastEngine(case.config(), ids, V).params
    rnn, readout = torch.nn.RNN(V, case.H), torch.nn.Linear(case.H, V)
    rnn, readout = rnn.to(kind), readout.to(kind)
    with torch.no_grad():
        for target, source in (
            (rnn.weight_ih_l0, params.Wxh),
            (rnn.weight_hh_l0, params.Whh),
            (rnn.bias_ih_l0, params.bh),
            (rnn.bias_hh_l0, 0 * params.bh),
            (readout.weight, params.Why),
            (readout.bias, params.by),
        ):
            target.copy_(torch.from_numpy(np.ascontiguousarray(source)))
    rnn.bias_hh_l0.requires_grad_(False)
    trained = [p for p in (*rnn.parameters(), *readout.parameters()) if p.requires_grad]
    adam = case.optimizer == 'adam'
    optimizer = (
        torch.optim.Adam(trained, lr=case.rate, betas=(0.9, 0.99))
        if adam
        else torch.optim.Adagrad(trained, lr=case.rate)
    )
    text, length = torch.from_numpy(ids.astype(np.int64)), ids.size // case.B
    streams = text[: length * case.B].view(case.B, length).t().contiguous()  # (length, B)
    state = {'h': torch.zeros(1, case.B, case.H, dtype=kind), 'n': 0}

    def steps(count: int) -> Any:
        losses = []
        for _ in range(count):
            p = state['n'] * case.T
            if p + case.T + 1 >= length:
                state['n'], p = 0, 0
                state['h'] = torch.zeros_like(state['h'])
            inputs = torch.nn.functional.one_hot(streams[p : p + case.T], V).to(kind)
            hidden, h = rnn(inputs, state['h'])
            targets = streams[p + 1 : p + case.T + 1].reshape(-1)
            loss = torch.nn.functional.cross_entropy(readout(hidden).view(-1, V), targets, reduction='sum') / case.B
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_value_(trained, 5.0)
            optimizer.step()
            state['h'], state['n'] = h.detach(), state['n'] + 1
            losses.append(loss.item())
        return np.array(losses)

    return steps


def in_jax(case: Case, ids: Any, V: int) -> Steps:
    import jax
    import jax.numpy as jnp

    jax.config.update('jax_enable_x64', case.dtype == 'float64')
    params = FastEngine(case.config(), ids, V).params
    weights = {name: jnp.asarray(getattr(params, name)) for name in ('WxhT', 'Whh', 'Why', 'bh', 'by')}
    length, T = ids.size // case.B, case.T
    streams = jnp.asarray(ids[: length * case.B].reshape(case.B, length).T.astype(np.int32))

    def loss(w: Any, h: Any, inputs: Any, targets: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = jnp.tanh(x + h @ w['Whh'].T)
            return h, h

        h, hs = jax.lax.scan(step, h, w['WxhT'][inputs] + w['bh'])
        logits = jax.nn.log_softmax(hs @ w['Why'].T + w['by'])
        return -jnp.take_along_axis(logits, targets[..., None], -1).sum() / case.B, h

    def update(w: Any, g: Any, m: Any, s: Any, n: Any) -> Any:
        if case.optimizer == 'adagrad':
            s = s + g * g
            return w - case.rate * g / jnp.sqrt(s + 1e-8), m, s
        m, s = 0.9 * m + 0.1 * g, 0.99 * s + 0.01 * g * g
        return w - case.rate * (m / (1 - 0.9**n)) / (jnp.sqrt(s / (1 - 0.99**n)) + 1e-8), m, s

    def iteration(carry: Any, _: Any) -> Any:
        w, m, s, h, p, n = carry
        wraps = p + T + 1 >= length
        p, h = jnp.where(wraps, 0, p), jnp.where(wraps, 0.0, h)
        window = jax.lax.dynamic_slice(streams, (p, 0), (T + 1, case.B))
        (value, h), g = jax.value_and_grad(loss, has_aux=True)(w, h, window[:-1], window[1:])
        new = {k: update(w[k], jnp.clip(g[k], -5, 5), m[k], s[k], n + 1.0) for k in w}
        w, m, s = ({k: new[k][part] for k in new} for part in range(3))
        return (w, m, s, h, p + T, n + 1), value

    scan = jax.jit(lambda carry, count: jax.lax.scan(iteration, carry, None, length=count), static_argnums=1)
    zeros = {k: jnp.zeros_like(v) for k, v in weights.items()}
    state = [(weights, zeros, zeros, jnp.zeros((case.B, case.H), case.dtype), 0, 0)]

    def steps(count: int) -> Any:
        state[0], losses = scan(state[0], count)
        return np.asarray(losses)

    return steps


PEERS: dict[str, tuple[str | None, Callable[[Case, Any, int], Steps]]] = {
    'fastrnn': (None, in_fastrnn),
    'JAX': ('jax', in_jax),
    'PyTorch': ('torch', in_torch),
    'reference': (None, in_reference),
}


def verify(losses: dict[str, Any]) -> None:
    """All have computed the same losses, to rounding."""
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses['fastrnn'], rtol=1e-3, err_msg=name)


def time_case(case: Case, ids: Any, V: int) -> dict[str, float]:
    """Median seconds of an iteration, by peer; rounds in turn."""
    peers = {
        name: make(case, ids, V)
        for name, (module, make) in PEERS.items()
        if (module is None or find_spec(module)) and (name != 'reference' or case.B == 1)
    }
    verify({name: steps(3) for name, steps in peers.items()})
    counts = {}
    for name, steps in peers.items():
        steps(2)
        start = time.perf_counter()
        steps(2)
        counts[name] = max(2, int(SECONDS / (time.perf_counter() - start) * 2))
        steps(counts[name])  # JAX compiles for this count
    times: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(ROUNDS):
        for name, steps in peers.items():
            time.sleep(REST)
            start = time.perf_counter()
            steps(counts[name])
            times[name].append((time.perf_counter() - start) / counts[name])
    return {name: statistics.median(values) for name, values in times.items()}


def gemm_rate(dtype: str, threads: int) -> float:
    """GFLOP/s of a large product by NumPy's BLAS: what this machine can do."""
    A = np.ones((2048, 2048), dtype)
    with threadpool_limits(threads, user_api='blas'):
        A @ A
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            A @ A
            times.append(time.perf_counter() - start)
    return 2 * 2048**3 / statistics.median(times) / 1e9


def main() -> None:
    corpus = cases.text()
    ids, V = corpus.ids, len(corpus.chars)
    lines = [
        '| H | B | T | dtype, threads | fastrnn, characters/s | GEMM rate | PyTorch | JAX | reference |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    for case in CASES:
        with threadpool_limits(case.threads, user_api='blas'):
            seconds = time_case(case, ids, V)
        own = seconds['fastrnn']
        others = ('PyTorch', 'JAX', 'reference')
        ratios = ' | '.join(f'**{seconds[name] / own:.1f}x**' if name in seconds else '' for name in others)
        rate = case.flops(V) / own / 1e9
        share = f'{rate:.0f} GFLOP/s, {rate / gemm_rate(case.dtype, case.threads):.0%}'
        speed = f'{case.B * case.T / own:,.0f} ({own * 1e6:,.0f} µs an iteration)'
        shape = f'{case.H} | {case.B} | {case.T} | {case.dtype}, {case.threads}'
        lines.append(f'| {shape} | {speed} | {share} | {ratios} |')
        print(lines[-1], file=sys.stderr)
    missing = [name for name, (module, _) in PEERS.items() if module and not find_spec(module)]
    names = [name for name in ('numpy', 'numba', 'torch', 'jax') if find_spec(name)]
    lines += [
        '',
        f'{", ".join(f"{name} {version(name)}" for name in names)}, {date.today()}; V = {V}; ratios of medians.',
    ]
    if missing:
        lines.append(f'Not installed, so left out: {", ".join(missing)}.')
    publish(MARKERS, '\n'.join(lines), sys.argv[1] if len(sys.argv) > 1 else None)


if __name__ == '__main__':
    main()
