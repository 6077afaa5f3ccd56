"""What the preset ``fast`` decides from the text and from how much of it the run reads. Measured by bench/presets.py.

It takes the largest model whose required characters the run reads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..settings.options import Settings
from ..settings.passes import pass_over
from .batches import KEPT_BUSY, LARGER, SIXTEEN, Batch, best_batch
from .long_texts import LONG, OFTEN, SHUFFLED, rate_of_rows, shuffled, with_rows, without_rows
from .machine import Machine

MOST = 0.9  # minimum share of a short text that a pass must read


class Rung(NamedTuple):
    """A model, and from which sizes on it is better than a smaller one."""

    cell: str
    layers: int
    H: int
    T: int  # steps of truncated BPTT
    needs: float  # characters of training
    text: float  # characters of the text


# from small to large; the first is for texts too short for the others
GRUS = (
    Rung('gru', 1, 32, 32, 0, 0),
    Rung('gru', 1, 64, 32, 0, 5e3),
    Rung('gru', 1, 96, 32, 0, 5e4),
    Rung('gru', 2, 96, 32, 0.9e6, 5e4),
    Rung('gru', 2, 128, 32, 1.8e6, 5e4),
    Rung('gru', 2, 192, 32, 3.6e6, 2e5),
    Rung('gru', 2, 256, 64, 6e6, 2e5),
    Rung('gru', 2, 320, 64, 9e6, 5e5),
    Rung('gru', 2, 384, 64, 16e6, 5e5),
    Rung('gru', 2, 512, 64, 40e6, 1e6),  # extrapolated: no measured run was as long
)
# for texts of at least LONG characters, an LSTM is better, at a rate that is too high for a GRU
LSTMS = (
    Rung('lstm', 1, 96, 32, 0, LONG),
    Rung('lstm', 1, 128, 32, 0.9e6, LONG),
    Rung('lstm', 1, 192, 32, 1.75e6, LONG),
    Rung('lstm', 1, 256, 32, 1.8e6, LONG),
    Rung('lstm', 1, 320, 32, 2.3e6, LONG),
    Rung('lstm', 2, 192, 32, 3.9e6, LONG),
    Rung('lstm', 2, 256, 32, 4e6, LONG),  # halving the updates costs more than long windows gain
    Rung('lstm', 2, 256, 64, 6e6, LONG),
    Rung('lstm', 2, 320, 64, 9e6, LONG),
    Rung('lstm', 2, 384, 64, 16e6, LONG),
    Rung('lstm', 2, 512, 64, 40e6, 2 * LONG),  # extrapolated, like the GRU's
)
# With rows of n-grams, larger LSTMs pay off later: needs in the text's order, and in shuffled blocks; two layers and
# the last of one in shuffled blocks are extrapolated. Equal times, 256 units: 192 of Shakespeare (1 MB) are 0.023 bits
# better after 10 s, 256 0.014 after 20 s; of 5 MB in shuffled blocks 192 are better by 0.050, 0.023 and 0.002 after 10,
# 20 and 30 s, and 256 are better than 320 by 0.033 and 0.016 after 20 and 30 s.
WITH_ROWS = {
    (1, 256, 32): (2.8e6, 5.2e6),
    (1, 320, 32): (3.6e6, 6e6),
    (2, 192, 32): (3.9e6, 7e6),
    (2, 256, 32): (4e6, 7.2e6),
    (2, 256, 64): (6e6, 9e6),
    (2, 320, 64): (9e6, 12e6),
}
SHORTEST = 32  # shortest window if the number of streams is given
RATE, RATE_OF_ONE, RATE_OF_LSTM, HIGHEST = 1.5, 2.0, 5.0, 0.03  # Adam's rate times H; upper limit
# These suit schedules that decay from the warm-up on. Ten seconds on Shakespeare, an LSTM of 128: a constant rate gives
# 2.70 bits, a third of it 2.52; wsd 2.46, half of it 2.39. A GRU of 96: 2.80 and 2.64, 2.57 and 2.48.
OF_SCHEDULE = {'constant': 1 / 3, 'wsd': 1 / 2}
# Adagrad's rates, for one layer and for more; its steps shrink under any schedule. The same LSTM: 2.89 bits with
# Adam's rate, 2.46 with 0.1, 2.33 with 0.2, 2.29 with 0.3 (tanh diverges at 0.4). GRU 2 x 192: 0.1 2.61, 0.2 2.77.
ADAGRAD_OF_ONE, ADAGRAD = 0.2, 0.1
# maximum B for texts below a number of characters. Texts below LONG overfit: reading them faster gains nothing.
STREAMS = ((5e4, 4), (LONG, SIXTEEN.B), (math.inf, LARGER[-1].B))
DROPOUT = ((7.0, 0.0), (12.0, 0.15), (20.0, 0.25), (math.inf, 0.3))  # (epochs, dropout): for fewer epochs than that
SHORT = ((5e4, 0.5), (2e5, 0.3))  # (characters, minimum dropout): for shorter texts than that
EPOCHS = ((5e3, 12.0), (5e4, 16.0), (2e5, 26.0), (5e5, 40.0))  # (characters, maximum epochs): more only overfits
FIRST = 3  # rung that is measured first: a smaller model's flops a second differ too much from a large one's
TRIAL = 1.0  # seconds of training; no trial below
AGAIN = 20.0  # seconds of training; no second trial below
ENOUGH = 0.8  # share of a model's required characters, by the second trial


@dataclass(frozen=True)
class Climb:
    """The ladder's decision."""

    settings: Settings
    speed: float | None = None  # characters a second; None if time decides nothing
    spent: float = 0.0  # seconds of the run's time spent on trials
    trained: float = 0.0  # characters that the run would read of an endless text
    threads: int = 1  # with which the speed was measured
    batch: Batch = SIXTEEN
    faster: float = 1.0  # speed relative to 16 streams

    @property
    def expected(self) -> float | None:
        """Iterations that the machine is likely to do in the run's time; None if not measured."""
        return None if self.speed is None else self.trained / (self.settings.seq_length * self.settings.streams)


def climb(start: Settings, left: Sequence[str], characters: int, machine: Machine) -> Climb:
    """Decide the options in ``left``, for a text of ``characters`` characters.

    If only time ends the run, short training trials measure how many characters it can read; they count as run time.
    Otherwise nothing depends on the time. Raises ValueError if a trial needs more memory than there is.
    """
    seconds = start.time or 0.0
    timed = start.iterations is None and start.epochs is None and start.time is not None

    def rungs_with(streams: int) -> list[tuple[float, Settings]]:
        return rungs_for(replace(start, streams=streams), left, characters)

    def reads(candidate: Settings) -> float:
        """Characters that a run reads."""
        if timed:
            return machine.speed(candidate) * (seconds - machine.spent(seconds))
        counts = [math.inf if start.epochs is None else start.epochs * characters]
        if start.iterations is not None:
            counts.append(start.iterations * candidate.streams * candidate.seq_length)
        return min(counts)

    def enough(k: int, share: float = 1.0) -> bool:
        """True if a run reads the characters that the k-th model needs, or a share of them."""
        need, rung = rungs[k]
        return reads(rung) >= share * need * batch.cost(reads(rung), characters)

    if characters >= LONG:
        start = with_rows(start, left, machine.V, characters)
    rungs, batch, faster = rungs_for(start, left, characters), SIXTEEN, 1.0
    clocked = timed and seconds >= TRIAL
    if clocked:
        machine.measure(rungs[min(FIRST, len(rungs) - 1)][1], seconds)
    at = max(filter(enough, range(len(rungs))))
    if characters >= LONG:
        epochs = reads(rungs[at][1]) / characters
        start = shuffled(start, left, characters) if epochs < SHUFFLED else start
        start = without_rows(start, left) if epochs >= OFTEN else start
        rungs = rungs_for(start, left, characters)
        at = max(filter(enough, range(len(rungs))))
    if clocked and seconds >= AGAIN:
        machine.measure(rungs[at][1], seconds)
        at -= at > 0 and not enough(at, ENOUGH)
        if _may_grow(start, left, machine):
            batch, faster = best_batch(lambda B: rungs_with(B)[at][1], characters, machine, seconds)
            rungs = rungs_with(batch.B)
            at = max(at, *(k for k, (_, rung) in enumerate(rungs) if enough(k) and machine.has_room(rung)))
    chosen = rungs[at][1]
    trained, speed = reads(chosen), machine.speed(chosen) if clocked else None
    chosen = completed(chosen, left, characters, trained, batch)
    return Climb(chosen, speed, machine.spent(seconds), trained, machine.threads, batch, faster)


def _may_grow(start: Settings, left: Sequence[str], machine: Machine) -> bool:
    """True if larger batches are worth a trial: their cost was measured only with Adam and one shard."""
    cores = min(machine.cores, start.threads or machine.cores)
    return 'streams' in left and (start.shards or 1) == 1 and start.optimizer == 'adam' and cores > KEPT_BUSY


def rungs_for(start: Settings, left: Sequence[str], characters: int) -> list[tuple[float, Settings]]:
    """The candidate models for a text of ``characters`` characters, from small to large, each after its needs.

    Options that are not in ``left`` stay.
    """
    lstms = characters >= LONG and ('cell' in left or start.cell == 'lstm')
    found = [rung for rung in (LSTMS if lstms else GRUS) if rung.text <= characters]
    if 'layers' not in left:
        found = _of_layers(found, start.layers)
    return [(needs_of(rung, start), with_windows(_with_open(start, left, rung), left, characters)) for rung in found]


def needs_of(rung: Rung, start: Settings) -> float:
    """Characters of training from which the rung is better than a smaller one."""
    if rung.cell != 'lstm' or not start.ngrams:
        return rung.needs
    return WITH_ROWS.get((rung.layers, rung.H, rung.T), (rung.needs, rung.needs))[start.shuffle > 0]


def _of_layers(rungs: list[Rung], layers: int) -> list[Rung]:
    """The rungs with this many layers, or the most there are; outside their range of H, rungs with other layers."""
    most = min(layers, max(rung.layers for rung in rungs))
    same = [rung.H for rung in rungs if rung.layers == most]
    return [rung for rung in rungs if rung.layers == most or not min(same) <= rung.H <= max(same)]


def _with_open(start: Settings, left: Sequence[str], rung: Rung) -> Settings:
    values: dict[str, Any] = {'cell': rung.cell, 'layers': rung.layers, 'hidden_size': rung.H, 'seq_length': rung.T}
    return replace(start, **{name: value for name, value in values.items() if name in left})


def completed(chosen: Settings, left: Sequence[str], characters: int, trained: float, batch: Batch) -> Settings:
    """Decide the options that are still open, for a run that would read ``trained`` characters without a cap on epochs.

    The cap applies even if fewer epochs are expected, because their number is only estimated.
    """
    values, most = dict[str, Any](), below(EPOCHS, characters, math.inf)
    epochs = min(trained / characters, most)
    if most < math.inf:
        values['epochs'] = most
    values['ngram_rate'] = rate_of_rows(trained / characters)
    values['learning_rate'] = batch.rate * _rate(chosen)
    values['dropout'] = max(below(DROPOUT, epochs, DROPOUT[-1][1]), below(SHORT, characters, 0.0))
    return replace(chosen, **{name: value for name, value in values.items() if name in left})


def _rate(chosen: Settings) -> float:
    """The rate that suits the optimizer; for Adam it also depends on the cell, H and the schedule."""
    if chosen.optimizer == 'adagrad':
        return ADAGRAD if chosen.layers > 1 else ADAGRAD_OF_ONE
    over_H = RATE_OF_LSTM if chosen.cell == 'lstm' else RATE if chosen.layers > 1 else RATE_OF_ONE
    return min(HIGHEST, over_H / chosen.hidden_size) * OF_SCHEDULE.get(chosen.schedule, 1.0)


def below(steps: Sequence[tuple[float, float]], value: float, otherwise: float) -> float:
    """The first of the steps' values whose limit is above ``value``."""
    return next((chosen for limit, chosen in steps if value < limit), otherwise)


def with_windows(start: Settings, left: Sequence[str], characters: int) -> Settings:
    """Streams and windows for a text of ``characters`` characters, if they are open.

    Each shard has the same number of streams. A short text gets as many streams as still read nearly all of it: each
    leaves less than a window unread at its end. If not even one stream fits, the window gets shorter. Given streams
    stay; a window that is too long for them gets shorter, down to the shortest of the ladder.
    """
    if 'streams' not in left:
        longest = max(SHORTEST, characters // start.streams - 2)
        fits = start.seq_length <= longest or 'seq_length' not in left
        return start if fits else replace(start, seq_length=longest)
    shards = start.shards or 1
    most = int(below(STREAMS, characters, start.streams))
    T, B = start.seq_length, -(-min(start.streams, most) // shards) * shards
    if characters < (T + 2) * B:

        def read(streams: int) -> int:
            return streams * (1 + T * pass_over(characters, replace(start, streams=streams)).windows)

        fitting = range(max(shards, characters // (T + 2) // shards * shards), 0, -shards)
        B = next((streams for streams in fitting if read(streams) >= MOST * characters), max(fitting, key=read))
        if 'seq_length' in left:
            T = max(1, min(T, characters // B - 2))
    return replace(start, streams=B, seq_length=T)
