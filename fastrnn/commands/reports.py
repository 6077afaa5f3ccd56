"""Prints a training run: the gist's lines, the batched engine's lines, JSON, or nothing."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from ..settings.parsing import size_in_words
from ..system.home import home

if TYPE_CHECKING:
    from ..data.texts import Texts
    from ..decision.transfer import Transfer
    from ..progress.records import Record
    from ..training.run import Run

COLUMNS, UNIT = 80, ' bits'  # limit of a line; unit of the figures, per character


class Reports:
    """Prints records as they come.

    With the gist's engines, standard output has only the gist's lines; notes go to standard error.
    """

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._quiet, self._json = quiet, as_json
        self._gist, self._sampled = True, False

    def note(self, text: str) -> None:
        if not self._quiet and not self._json:
            print(text, file=sys.stderr)

    def noted(self, text: str) -> str:
        """The text, or '' if :meth:`note` would not print it."""
        return '' if self._quiet or self._json else text

    def warn(self, text: str) -> None:
        """Print the text even with --quiet or --json. Of several processes only the first one prints."""
        from ..parallel.processes import processes

        if processes().leads:
            print(text, file=sys.stderr)

    def announce(self, run: 'Run') -> None:
        """Print the text, model and sizes of a run; for the gist's engines only the gist's line."""
        job, corpus = run.job, run.text.corpus
        self._gist = job.abilities.gist_reports
        if run.transfer is not None:
            for line in _of_transfer(run.transfer):
                self.note(line)
        if run.text.skipped is not None and (left_out := run.text.skipped.left_out('the held-out text')):
            self.note(left_out)
        if self._quiet or self._json:
            return
        print('data has %d characters, %d unique.' % (job.characters, job.V), flush=True)
        if self._gist:
            return
        place = home()
        for line in corpus.describe()[1:]:
            print(line if place is None else line.replace(f' {place}{os.sep}', f' ~{os.sep}'))
        from ..parallel.processes import processes

        words = job.architecture.words
        if 'model' in job.reasons and not run.iteration:
            print(chosen_line(words, job.reasons['model']))
            if 'expectation' in job.reasons:
                print(job.reasons['expectation'])
        streams = f'{job.streams} stream{"s" * (job.streams != 1)}'
        dropout = f', dropout {job.dropout:g}' if job.dropout else ''
        sizes = f'{words}, T={job.seq_length}, {streams}, {job.dtype}{dropout}'
        print(f'{job.optimizer} at {job.learning_rate:g}, {sizes}')
        each = processes().each and f',{processes().each}'
        print(f'memory {size_in_words(job.memory)} without the text{each}', flush=True)
        if job.held_out:
            part = job.validate_part
            reads = '' if part is None else f'; each validation reads {part:,}, the last one all'
            print(f'held out {job.held_out:,} characters{reads}', flush=True)

    def from_standard_input(self, run: 'Run', texts: 'Texts', folder: Path) -> None:
        """Print how to resume a kept run whose text came from standard input."""
        again = texts.again(folder)
        if run.text.corpus.entry is None:
            self.note(f'the text comes from standard input and is not cached; to resume, {again}')
        else:
            self.note(f'the text comes from standard input and is cached; if it is removed from the cache, {again}')

    def complete(self, run: 'Run', folder: Path) -> None:
        """Print that a run is complete, and the command that trains for as long again."""
        job = run.job
        if run.ended_early:
            again = f'fastrnn train --resume {quote(str(folder))} --patience {2 * (job.patience or 0)}'
            self.note(f'{folder}: the run {_early(run)}; to train on: {again}')
            return
        from ..runs.ends import reached

        end = reached(job, run.iteration, run.seconds, folder)
        self.note(
            f"{folder}: the run is complete after {end.done} ({end.given} counts from the run's start); "
            f'to train {end.more} more: {end.again}'
        )

    def beginning(self) -> AbstractContextManager[object]:
        """Show the progress line while the text is encoded, kernels are compiled and the preset measures speed."""
        from ..progress import bar as progress

        return progress.display(self._quiet or self._json)

    def follow(self, records: Iterable['Record'], stopped: Callable[[], bool], signals: Sequence[int]) -> None:
        """Print records until the last one, or until ``stopped``. The progress line shows a signal in ``signals``."""
        from ..progress import bar as progress

        record: Record | None = None
        with progress.display(self._quiet or self._json, int(not self._gist), signals) as show:
            for record in records:
                show(record)
                if self._json:
                    self._print_json(record)
                elif not self._quiet:
                    self._print(record)
                if record.sample is not None or record.report:
                    sys.stdout.flush()
                if stopped():
                    break
        if record is not None and self._gist and not record.report:
            self.note(_gist_line(record))
        self._sampled = record is not None and record.last and record.sample is not None and not self._gist

    def early(self, run: 'Run') -> None:
        """Print why a run stopped early, if it did."""
        if run.ended_early:
            self.note(f'{_early(run)}; --patience sets the number')

    def by_heart(self, run: 'Run') -> None:
        """Print a warning if the model may have memorized the text: many epochs, and nothing held out."""
        if run.job.held_out or run.job.abilities.gist_reports or self._quiet or self._json:
            return
        from ..training.by_heart import by_heart

        epochs = run.epochs()
        if by_heart(epochs, run.job.characters, run.job.architecture.all_parameters):
            self.note(
                f'the model read the text {epochs:,.0f} times, and no text is held out: it may have memorized the '
                'text; add --validation 10% to check, and to keep the best model'
            )

    def best(self, run: 'Run', save: Path | None) -> None:
        """Print the best validation if it is not the last one, and what comes from that model: sample, file."""
        if run.best_is_lost:  # printed even with --quiet, and whatever Python's warning filters are
            if save is not None:
                self.warn(f'warning: {save}: has the last model, because the best could not be read')
            return
        if run.figures.best is None or run.figures.best_iteration == run.iteration or self._quiet or self._json:
            return
        bits, at = run.figures.best, list[str]()
        if run.figures.best_iteration is not None:
            at.append(f'epoch {_short(run.epochs(run.figures.best_iteration), 1)}')
        if run.job.validate_part is not None:
            whole = run.figures.best_whole
            at.append(f'{"part of the" if whole is None else "all"} held-out text')
            bits = bits if whole is None else whole
        best = f'best val {bits:.3f}' + (f' ({", ".join(at)})' if at else '')
        for name in ['file'] if save is None else [str(save), save.name, 'file']:
            taken = ['sample'] * self._sampled + [name] * (save is not None)
            line = best + (f'; {" and ".join(taken)} {"are" if len(taken) > 1 else "is"} from it' if taken else '')
            if len(line) <= COLUMNS:
                break
        print(line, file=sys.stderr if run.job.abilities.gist_reports else sys.stdout, flush=True)

    def _print_json(self, record: 'Record') -> None:
        if record.due:
            print(json.dumps(record.facts))

    def _print(self, record: 'Record') -> None:
        if record.report and not self._gist:
            print(_fast_line(record))
        if record.sample is not None:
            # one write: a second Ctrl-C between two writes would leave the cursor after the dashes
            print('----\n %s \n----\n' % (record.sample,), end='')
        if self._gist and record.report:
            print(_gist_line(record))
        if self._gist and record.validation is not None:
            of = ''
            if record.validation_part is not None:
                of = f', of {"all " * record.last}{record.validated:,} held-out characters'
            print(f'validation {record.validation:.3f} bits per character{of}', file=sys.stderr)


def resumable(folder: Path) -> str:
    """The last saved iteration of a run, and the command that resumes it."""
    from ..model.run_files import checkpoints, iteration_of

    found = checkpoints(folder) if folder.is_dir() else []
    again = f'fastrnn train --resume {quote(str(folder))}'
    if not found:
        return f'nothing is saved yet; start again with: {again}'
    return f'saved at iteration {iteration_of(found[-1]):,}; resume with: {again}'


def _early(run: 'Run') -> str:
    """Why a run stopped early, as the end of a sentence or as a line."""
    from ..decision.job import MARGIN

    at = ''
    if run.figures.best_iteration is not None:
        at = f' (epoch {_short(run.epochs(run.figures.best_iteration), 1)})'
    worse = f'{run.figures.worse:,} consecutive validations were' if run.figures.worse > 1 else 'a validation was'
    return f'stopped early: {worse} at least {MARGIN:.0%} worse than the best{at}'


def _gist_line(record: 'Record') -> str:
    return 'iter %d, loss: %f' % (record.iteration, record.smooth_loss)


def _fast_line(record: 'Record') -> str:
    """One report of the batched engine, in at most 80 columns for runs of any length."""
    speed = record.characters / max(record.seconds, 1e-9)
    held_out = f'  val {record.validation:.3f}' if record.validation is not None else ''
    line = (
        f'iter {record.iteration + 1}  epoch {_short(record.epoch, 2)}  {_short(record.seconds, 1)} s  '
        f'{f"{speed:,.0f}" if speed < 1e6 else f"{speed / 1e6:.2f}M"}/s  '
        f'train {record.bits_per_character:.3f}{held_out}'
    )
    of = ' (all)' if record.last and record.validation_part is not None else ''
    return next(line + end for end in (UNIT + of, of, '') if len(line + end) <= COLUMNS or not end)


def _short(number: float, digits: int) -> str:
    return f'{number:.{digits if number < 1000 else 0}f}'


def chosen_line(model: str, why: str) -> str:
    """The model that a preset chose, and why. The next line printed has T and the streams."""
    line = f'{model}: {why}'
    return line if len(line) <= COLUMNS else line.replace(' characters/s', '/s')


def _of_transfer(transfer: 'Transfer') -> list[str]:
    from ..data.lacking import listed, unit_name

    architecture = transfer.params.architecture
    size = f'{architecture.H} hidden units' if architecture.is_gist else architecture.words
    lines = [f"starting from the model's weights ({size})"]
    if transfer.new:
        unit, count = transfer.corpus.unit, len(transfer.new)
        names = listed((unit_name(ord(char), unit) for char in transfer.new), count)
        are = 's are not in the model and get new weights' if count > 1 else ' is not in the model and gets new weights'
        lines.append(f'{count:,} {unit}{are}: {names}')
    if transfer.unseen:
        count = len(transfer.unseen)
        are = 's of the model do' if count > 1 else ' of the model does'
        lines.append(f'{count:,} {transfer.corpus.unit}{are} not occur in the text')
    return lines
