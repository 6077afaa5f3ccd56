"""From options, a text and a machine to a job: every decision, in the order in which it is made."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ..engines.shards import check_shards
from ..parallel.processes import processes
from ..settings.config import Config
from ..settings.options import TABLE, Settings
from ..settings.presets import PRESETS, filled
from .agreement import check_hosts, in_common
from .batches import SIXTEEN
from .expectation import expectation, in_words
from .intervals import intervals_of, part_of
from .job import GO_ON, STOP, Job, ends_of
from .ladder import Climb, climb, rungs_for
from .machine import Machine
from .memory import check_memory, memory
from .schedule import Segment
from .text import Text

ASKED, GIST, NOBODY = 'asked for', "the gist's", 'not asked for'
MOST_BLOCKS = 30_000_000  # of a shuffled text, with 8 bytes each
INTERVALS = ('print_every', 'validate_every', 'validate_part', 'save_every')
BY = {  # what decides the options that a preset leaves open, except for its model
    'seq_length': 'by the model and the length of the text',
    'streams': 'by the length of the text',
    'learning_rate': 'by the cell, H, the optimizer and the schedule',
    'dropout': 'by the number of epochs',
    'shuffle': 'by the length of the text and the number of epochs',
    'ngrams': 'by the length of the text, the number of epochs, of distinct characters, and of shards',
    'ngram_rows': 'by the length of the text and its number of distinct characters',
    'ngram_rate': 'by the number of epochs',
    'epochs': 'by the length of the text: more would overfit',
}
OTHERWISE = {  # reasons for defaults that are not the gist's
    'seed': 'drawn at random',
    'shards': 'one per process',
    'learning_rate': "suits Adam: the gist's is for Adagrad and too high",
}


def resolve(
    config: Config,
    text: Text,
    machine: Machine | None = None,
    *,
    kept: bool = False,
    on_divergence: str | None = None,
    seed: int | None = None,
) -> Job:
    """Decide every open option, for a run on a text, saved in a folder (``kept``) or not.

    ``seed`` is the run's seed, if it was drawn already.

    Raises ValueError, in one line, for impossible options.
    """
    # what the preset sets, and what it leaves open
    settings, left = filled(config.preset, config.asked)
    # what all processes share: seed, shards, options, text
    settings = in_common(settings if seed is None else replace(settings, seed=seed))
    check_hosts(settings, text)
    # the ladder; with trials of speed if the run ends by time
    climbed = Climb(settings)
    if left:
        check_text(rungs_for(settings, left, text.characters)[0][1], text)  # if its window fits, all do
        climbed = climb(settings, left, text.characters, machine or Machine(text.corpus.ids, text.V))
        settings = climbed.settings
    check_text(settings, text)
    check_shards(settings)
    # memory, before anything is allocated
    check_memory(settings, text.V, validated=text.held_out is not None, kept=kept)
    # the schedule, the intervals, and how much of the held-out text validations read
    reasons = _reasons(config, left, settings, climbed_in_words(climbed, text.characters) if left else '')
    reasons |= _of_batch(climbed, left, text.characters) | _of_expectation(climbed, config, text)
    on_divergence = on_divergence or (STOP if settings.abilities.checks_loss else GO_ON)
    return completed(settings, text, climbed, kept=kept, on_divergence=on_divergence, reasons=reasons)


def completed(
    settings: Settings, text: Text, climbed: Climb, *, kept: bool, on_divergence: str, reasons: Mapping[str, str]
) -> Job:
    """The job of settings in which only the schedule and the intervals are open."""
    held_out = 0 if text.held_out is None else text.held_out.size
    if text.held_out is not None and held_out < 2:
        raise ValueError('the held-out text has one character: use one with at least two')
    iterations, expected = ends_of(settings, text.characters), climbed.expected
    intervals = intervals_of(settings, text.V, held_out, iterations, expected)
    part = part_of(settings, text.V, held_out, intervals.validate_every, iterations, expected)
    decided: dict[str, Any] = asdict(settings) | intervals._asdict() | {'validate_part': part}
    return Job(
        **decided,
        text_name=text.name,
        characters=text.characters,
        V=text.V,
        held_out=held_out,
        memory=memory(settings, text.V, validated=text.held_out is not None, kept=kept),
        segments=(Segment(settings.schedule, 0, climbed.spent, iterations, settings.time),),
        on_divergence=on_divergence,
        spent=climbed.spent,
        reasons=reasons,
    )


def check_text(settings: Settings, text: Text) -> None:
    """Raise ValueError for a text that can't be trained on with these settings."""
    T, B, characters = settings.seq_length, settings.streams, text.characters
    if settings.shuffle and characters > MOST_BLOCKS * (settings.shuffle + T):
        what = f'shuffle is {settings.shuffle:,}, which makes more than {MOST_BLOCKS:,} blocks of the text'
        raise ValueError(f'{what}: use --shuffle {characters // MOST_BLOCKS:,} or more')
    if text.V < 2 and characters > 1:
        raise ValueError(
            'the text has only one distinct character; nothing can be learned from it: use a text with two or more'
        )
    if characters // B >= T + 2:
        return
    there, cures = f'{characters:,} characters', ['a longer text']
    if text.corpus.held_out:
        there += f' besides the {text.corpus.held_out:,} held out for validation'
        cures.append('a smaller --validation')
    most = (('--streams up to {:,}', characters // (T + 2)), ('--seq-length up to {:,}', characters // B - 2))
    cures += [words.format(number) for words, number in most if number > 0]
    raise ValueError(
        f'the text has {there}, but a seq_length of {T} needs at least {(T + 2) * B:,}'
        f'{f" for {B:,} streams" if B > 1 else ""}: use {" or ".join(cures)}'
    )


def _reasons(config: Config, left: Sequence[str], settings: Settings, model: str) -> dict[str, str]:
    """The reason for each decision; ``model``: why the preset takes this model."""
    reasons = {name: _reason(name, config, left, settings, model) for name in TABLE}
    if left:
        reasons['model'] = model
    return reasons | {
        'segments': 'the schedule, from the end of the trials to the end of the run',
        'spent': 'speed trials, which count as run time',
        'memory': 'weights, moments and buffers of this model, streams and windows',
        'on_divergence': 'asked for; otherwise runs in a folder roll back, others stop, and the exact engine continues',
    }


def _of_batch(climbed: Climb, left: Sequence[str], characters: int) -> dict[str, str]:
    """Why there are more than 16 streams, if there are."""
    batch, reasons = climbed.batch, dict[str, str]()
    if batch != SIXTEEN:
        cost = batch.cost(climbed.trained, characters)
        gain = f'{batch.B} streams read {climbed.faster:.1f} times as many characters/s as {SIXTEEN.B}'
        reasons['streams'] = f'{gain}, and need {cost:.1f} times as many for the same quality'
        if 'learning_rate' in left:
            reasons['learning_rate'] = f'{BY["learning_rate"]}, times {batch.rate:g} for {batch.B} streams'
    return reasons


def _of_expectation(climbed: Climb, config: Config, text: Text) -> dict[str, str]:
    """The bits that the model is likely to reach, if similar runs were measured."""
    most = math.inf if climbed.settings.epochs is None else climbed.settings.epochs * text.characters
    bits = expectation(text.corpus.ids, text.held_out, text.V, min(climbed.trained, most), config.asked)
    return {} if bits is None else {'expectation': in_words(bits)}


def _reason(name: str, config: Config, left: Sequence[str], settings: Settings, model: str) -> str:
    value, gist_reports = getattr(settings, name), settings.abilities.gist_reports
    if name in config.asked:
        return ASKED
    if name in left:
        return 'no limit' if value is None else BY.get(name, model)
    if name in INTERVALS and not (name == 'print_every' and gist_reports):
        return 'by the sizes of model and text, and the length of the run'
    if name == 'sample_every' and not gist_reports:
        return 'not used: one sample at the end'
    if PRESETS[config.preset].get(name, ...) == value:
        return f'the preset {config.preset}'
    if value is None and name != 'print_every':
        return TABLE[name].otherwise if name == 'threads' else NOBODY
    return GIST if value == TABLE[name].default else OTHERWISE[name]


def climbed_in_words(climbed: Climb, characters: int) -> str:
    """Why the preset takes this model for a text of ``characters`` characters."""
    settings, times = climbed.settings, climbed.trained / characters
    if not climbed.trained and settings.iterations is None:
        return 'less than a second is too short to measure the machine'
    if climbed.speed is None:
        return f'{"up to " if settings.time is not None else ""}{_epochs(times)}'
    if settings.epochs is not None and times >= settings.epochs:
        return f'{settings.time:g} s, but at most {settings.epochs:g} epochs: the text is short, more would overfit'
    on = processes().in_words or threads_in_words(climbed.threads)
    return f'{settings.time:g} s on {on} at {climbed.speed:,.0f} characters/s: about {_epochs(times)}'


def _epochs(times: float) -> str:
    return f'{times:,.1f} epochs' if not 0 < times < 0.1 else f'{times:.1g} epochs'


def threads_in_words(count: int) -> str:
    return '1 thread' if count == 1 else f'{count} threads'
