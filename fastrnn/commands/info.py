"""``fastrnn info``: facts about this machine, about a run and its decisions, or about a model file."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ..errors import in_a_line
from ..settings.kinds import Place
from ..settings.options import OPTIONS, Option
from ..system import outputs
from .command import command
from .options import JSON

if TYPE_CHECKING:
    from ..runs.facts import Facts
    from ..runs.overview import Overview

EXAMPLE = 'Example: fastrnn info RUN'
WHAT = Option('what', Place(), None, '', 'A run folder, or a checkpoint or model file.', otherwise='this machine',
    positional=True, synonyms='run model file checkpoint path i f')  # fmt: skip
NAME = 12  # columns for the name of a line
IN_WORDS = {"the gist's": 'as in min-char-rnn', 'nobody asked for it': 'not set'}  # reasons, for people
ASKED = 'asked for'  # the reason of options that the line "options" shows
OTHERS = ('memory', 'on_divergence')  # decisions that are not options of training


@command(WHAT, JSON, synonyms='doctor env diagnose show describe inspect', epilog=EXAMPLE)
def info(what: Path | None, as_json: bool) -> None:
    """Show facts about this machine, a run or a model file.

    For a run: its options, decisions with reasons, and results. For a model file: its sizes, vocabulary and training
    text. Without a name: versions, and whether results are bit-identical on this machine. To find out, the exact engine
    trains small models and compares every loss with the reference.
    """
    from ..parallel.launcher import foremost

    if what is None:
        facts, lines = _machine()
    elif os.path.isdir(what) and not _holds_a_model_alone(what):
        from ..runs.overview import Overview

        run = Overview.read(what)
        facts, lines = run.as_json, _of_run(run)
    else:
        facts = _model(what)
        lines = _of_model(facts)
    if not foremost():
        return
    if as_json:
        print(json.dumps(facts))
        return
    for line in lines:
        print(line)


def _machine() -> tuple[dict[str, Any], list[str]]:
    from ..engines import diagnosis

    facts = diagnosis.facts() | {'bits': diagnosis.compare_with_reference()}
    return facts, [f'{name:<{NAME}} {value}' for name, value in facts.items()]


def _holds_a_model_alone(folder: Path) -> bool:
    """True if the folder has a model but no config.json."""
    from ..model.run_files import BEST, CONFIG, checkpoints

    return not (folder / CONFIG).exists() and ((folder / BEST).exists() or bool(checkpoints(folder)))


def _line(name: str, value: object, more: str = '') -> list[str]:
    """A name and its value, wrapped to the terminal; ``more``: indent of all lines but the first."""
    room = max(20, min(outputs.columns(), 10**6) - NAME - 1)
    words = wrap(in_a_line(value), room, subsequent_indent=more, break_on_hyphens=False) or ['']
    return [f'{name:<{NAME}} {words[0]}', *(' ' * (NAME + 1) + word for word in words[1:])]


def _of_run(run: 'Overview') -> list[str]:
    from ..runs.overview import DAMAGED

    facts, job = run.facts, run.facts.job
    lines = _line('run', run.folder) + _line('model', f'{facts.model}, engine {facts.engine}')
    epochs = '' if run.epochs is None else f'epoch {run.epochs:,.1f}, '
    at = f'iteration {run.iteration:,}, {epochs}{run.characters:,} characters, {run.seconds:,.1f} s'
    lines += _line('status', DAMAGED if run.status == DAMAGED else f'{run.status or "not known"}: {at}')
    if run.validation is not None:
        of = 'the whole held-out text' if run.part is None else f'{run.part:,} characters of the held-out text'
        lines += _line('validation', f'best {run.validation:.4f} bits per character, on {of}')
    if job is not None and job.V:
        held_out = f', {job.held_out:,} held out' if job.held_out else ''
        lines += _line('text', f'{facts.text}: {job.characters:,} characters, {job.V:,} distinct{held_out}')
    elif facts.text is not None:
        lines += _line('text', facts.text)
    lines += _line('version', facts.version or 'not known')
    lines += _line('options', ' '.join(_typed(facts)) or 'none')
    return lines + _decided(run)


def _typed(facts: 'Facts') -> Iterable[str]:
    """Options as typed on the command line."""
    for name, value in {**facts.asked, **facts.reading, 'validation': facts.validation}.items():
        if value is not None:
            shown = OPTIONS[name].shown(value)
            yield f'{OPTIONS[name].flag} {quote(shown)}' if shown else OPTIONS[name].flag


def _decided(run: 'Overview') -> list[str]:
    """Decisions about options that were not given: each reason once, after the decisions that share it."""
    facts, reasons, groups = run.facts, run.facts.reasons, dict[str, list[str]]()
    decided: dict[str, Any] = dict(facts.decided)
    if facts.job is not None and reasons:
        from ..settings.parsing import size_in_words

        decided |= {'memory': size_in_words(facts.job.memory), 'on_divergence': facts.job.on_divergence}
    for name, value in decided.items():
        why = reasons.get(name, '')
        if why == ASKED or (not reasons and name in facts.asked):
            continue
        words = name.replace('_', ' ')
        if value is not None:
            row = OPTIONS.get(name)
            words += f' {f"{value:.6g}" if isinstance(value, float) else value if row is None else row.shown(value)}'
        groups.setdefault(IN_WORDS.get(why, why), []).append(words)
    if not reasons:  # runs of versions before 0.2
        return _line('decided', ', '.join(word for words in groups.values() for word in words))
    told = _line('expected', reasons['expectation'].removeprefix('expect ')) if 'expectation' in reasons else []
    for k, (why, those) in enumerate(groups.items()):
        told += _line('' if k else 'decided', f'{", ".join(those)} ({why})', '  ')
    return told


def _model(path: Path) -> dict[str, Any]:
    """Facts from a model file. Raises ValueError, in one line, if the file is not a model."""
    from ..model.checkpoint import load_model
    from ..model.metadata import read_metadata
    from ..model.run_files import BEST, CONFIG, is_model, model_file

    place = model_file(path)
    run = place.parent if is_model(place.name) and (place.parent / CONFIG).exists() else None
    # a later checkpoint may know the bits of the best model on the whole held-out text
    model = load_model(path if run is None or place.name != BEST else run)
    metadata, about, architecture = read_metadata(place), model.about, model.params.architecture
    state = 'state' in metadata
    version = about.version or (_version(run) if run is not None and state else None)
    facts: dict[str, Any] = {'file': str(place), 'bytes': os.stat(place).st_size, 'format': int(metadata['format'])}
    facts |= {'cell': architecture.cell, 'layers': architecture.layers, 'hidden_size': architecture.H}
    facts |= {'vocabulary': architecture.V, 'unit': model.unit, 'parameters': architecture.all_parameters}
    facts |= {'ngrams': architecture.ngrams, 'ngram_rows': architecture.ngram_rows}
    facts |= {'dtype': model.params.flat.dtype.name, 'text': about.text, 'characters': about.characters}
    facts |= {'bits': about.bits, 'held_out': about.held_out, 'part': about.part, 'iterations': about.iterations}
    facts |= {'version': version, 'optimizer': json.loads(metadata['config'])['optimizer'] if state else None}
    return facts | {'resumable': state, 'chars': list(model.chars)}


def _version(run: Path) -> str | None:
    """The version of fastrnn that made a run: its checkpoints do not have it."""
    from ..runs.facts import Facts

    try:
        return Facts.read(run).version
    except ValueError:
        return None


def _of_model(facts: dict[str, Any]) -> list[str]:
    unit, V = facts['unit'], facts['vocabulary']
    lines = _line('model', f'{facts["file"]}, {facts["bytes"]:,} bytes')
    lines += _line('cell', f'{facts["cell"]}; layers {facts["layers"]}, H {facts["hidden_size"]}, V {V:,}')
    table = facts['ngrams'] and f', {(facts["ngrams"] - 1) * facts["ngram_rows"] * V:,} of them in the n-gram table'
    lines += _line('parameters', f'{facts["parameters"]:,} in {facts["dtype"]}{table or ""}')
    if table:
        rows = f'{facts["ngram_rows"]:,} rows for each number of {unit}s from 2 to {facts["ngrams"]}'
        lines += _line('n-grams', rows)
    lines += _units(facts)
    known = facts['characters'] is not None and f', {facts["characters"]:,} {unit}s'
    lines += _line('trained on', f'{facts["text"] or "not known"}{known or ""}')
    if facts['bits'] is not None:
        of = 'held-out text' if facts['held_out'] else 'the training text'
        part = '' if facts['part'] is None else f'{facts["part"]:,} {unit}s of '
        lines += _line('bits', f'{facts["bits"]:.4f} per {unit}, on {part}{of}')
    if facts['iterations'] is not None:
        lines += _line('iterations', f'{facts["iterations"]:,}')
    lines += _line('version', facts['version'] or 'not known')
    without = 'not in the file: train --from can use the weights, but the run cannot be resumed from this file'
    state = f'{facts["optimizer"]}, state in the file: the run can be resumed from it'
    return lines + _line('optimizer', state if facts['resumable'] else without)


def _units(facts: dict[str, Any]) -> list[str]:
    """The vocabulary, with escapes for invisible characters, wrapped to the terminal."""
    room, lines, name = max(20, min(outputs.columns(), sys.maxsize) - NAME - 1), [''], f'{facts["unit"]}s'
    for char in facts['chars']:
        plain = char.isprintable() and (facts['unit'] == 'character' or char.isascii())
        shown = '\\\\' if char == '\\' else char if plain else char.encode('unicode_escape').decode()
        if len(lines[-1]) + len(shown) > room:
            lines.append('')
        lines[-1] += shown
    return [f'{"" if k else name:<{NAME}} {line}' for k, line in enumerate(lines)]
