"""A character model in PyTorch, trained as a competent user would: for bench/versus.py and bench/curves.py.

It uses the fused layers (their LSTM is oneDNN's) and fused AdamW; one-hot input by a look-up of rows, as fast as an
embedding of 64; a warm-up and a cosine to zero; clipping of the gradient's norm; a state carried from window to window.
The learning rate follows the time, so that the schedule ends when the time does.
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from versus_cases import Recipe

from fastrnn.data.corpus import open_corpus

LAYERS = {'gru': torch.nn.GRU, 'lstm': torch.nn.LSTM}
WARMUP = 0.02  # of the time
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.01
BETAS = (0.9, 0.99)
LONG = 200_000  # characters; a longer held-out text is read in LANES parts
LANES, WARM_UP = 64, 512
PART = 512  # steps evaluated at once


class Trainer:
    """A network, its optimizer, and its position in the text.

    ids: (n,), with V distinct ones; the text is cut into B streams.
    """

    def __init__(self, recipe: Recipe, ids: NDArray[Any], V: int, threads: int, seed: int = 0) -> None:
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.recipe, self.iterations = recipe, 0
        self.rnn, self.output = LAYERS[recipe.cell](V, recipe.H), torch.nn.Linear(recipe.H, V)
        self.dropout, self.one_hot = torch.nn.Dropout(recipe.dropout), torch.eye(V)
        self.weights = [*self.rnn.parameters(), *self.output.parameters()]
        self.optimizer = torch.optim.AdamW(
            self.weights, lr=recipe.rate, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True
        )
        length = ids.size // recipe.B
        if length <= recipe.T:
            raise ValueError(f'{ids.size:,} characters are too few for {recipe.B} streams of windows of {recipe.T}')
        text = torch.from_numpy(ids[: length * recipe.B].astype(np.int64))
        self.streams = text.view(recipe.B, length).t().contiguous()  # (length, B)
        self._p, self._state = 0, None

    @property
    def characters(self) -> int:
        """Characters trained on so far."""
        return self.iterations * self.recipe.T * self.recipe.B

    def step(self, share: float) -> float:
        """An iteration at a share of the time; returns its loss in bits per character."""
        for group in self.optimizer.param_groups:
            group['lr'] = self.recipe.rate * schedule(share)
        T = self.recipe.T
        if self._p + T + 1 > len(self.streams):
            self._p, self._state = 0, None
        window = self.streams[self._p : self._p + T + 1]
        with torch.autocast('cpu', torch.bfloat16) if self.recipe.bfloat16 else nullcontext():
            hs, state = self.rnn(self.one_hot[window[:-1]], self._state)
            logits = self.output(self.dropout(hs)).flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(logits.float(), window[1:].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, CLIP_NORM)
        self.optimizer.step()
        self._state = detached(state)
        self._p, self.iterations = self._p + T, self.iterations + 1
        return float(loss.item()) / math.log(2)

    def evaluate(self, ids: NDArray[Any]) -> float:
        """Bits per character of a text (n,) after its first character, in float32.

        Reads a long one in LANES parts at once, each after the WARM_UP characters before it.
        """
        lanes, warm_up = (LANES, WARM_UP) if ids.size >= LONG else (1, 0)
        span = -(-(ids.size - 1) // lanes)
        steps = torch.arange(-warm_up, span)[:, None]
        text, state, nats = torch.from_numpy(ids.astype(np.int64)), None, 0.0
        with torch.inference_mode():
            for part in steps.split(PART):
                at = part + span * torch.arange(lanes)
                hs, state = self.rnn(self.one_hot[text[at.clamp(0, len(text) - 1)]], state)
                targets = text[(at + 1).clamp(0, len(text) - 1)]
                surprisals = torch.nn.functional.cross_entropy(
                    self.output(hs).flatten(0, 1), targets.flatten(), reduction='none'
                )
                nats += float(surprisals.view_as(at)[(part >= 0) & (at < len(text) - 1)].sum(dtype=torch.float64))
                if part[-1] == -1:  # there is nothing before the first part
                    for values in state if isinstance(state, tuple) else (state,):
                        values[:, 0] = 0
        return nats / math.log(2) / (len(text) - 1)


def detached(state: Any) -> Any:
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def schedule(share: float) -> float:
    """Factor of the learning rate: from 0 up during the warm-up, then down to 0 by a cosine."""
    if share < WARMUP:
        return share / WARMUP
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (share - WARMUP) / (1 - WARMUP)))


def warmed(recipe: Recipe, ids: NDArray[Any], V: int, threads: int) -> Trainer:
    """A new trainer, after a first iteration, which may take seconds in a new process."""
    Trainer(recipe, ids, V, threads).step(0.0)
    return Trainer(recipe, ids, V, threads)


def train(
    trainer: Trainer, seconds: float, report: Callable[[float, float], None] | None = None, every: float = 1.0
) -> None:
    """Train for ``seconds`` seconds.

    ``report`` gets the seconds, and the mean bits per character since its last call. It is called every ``every``
    seconds and at the end; its own time does not count.
    """
    start, used, bits, due = time.perf_counter(), 0.0, [], every
    while used < seconds:
        bits.append(trainer.step(used / seconds))
        used = time.perf_counter() - start
        if report is not None and (used >= due or used >= seconds):
            report(used, sum(bits) / len(bits))
            bits, due = [], due + every
            start = time.perf_counter() - used


def result(recipe: Recipe, ids: NDArray[Any], held_out: NDArray[Any], V: int, seconds: float, threads: int) -> Any:
    """Held-out bits per character after ``seconds`` of training, with characters and epochs, for a Store."""
    trainer = warmed(recipe, ids, V, threads)
    train(trainer, seconds)
    bits = trainer.evaluate(held_out)
    return {
        'bits': bits if math.isfinite(bits) else 99.0,
        'characters': trainer.characters,
        'epochs': trainer.characters / ids.size,
    }


def main() -> None:
    """The result of a recipe, as JSON, as a user's whole process."""
    path, validation, seconds, recipe = sys.argv[1:]
    corpus = open_corpus(path)
    text, held_out = map(np.asarray, corpus.split(float(validation)))
    threads = os.cpu_count() or 1
    print(json.dumps(result(Recipe(**json.loads(recipe)), text, held_out, len(corpus.chars), float(seconds), threads)))


if __name__ == '__main__':
    main()
