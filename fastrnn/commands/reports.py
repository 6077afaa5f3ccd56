"""What a training run prints: the gist's lines, the batched engine's, JSON, or nothing."""

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

COLUMNS, UNIT = 80, ' bits'  # of a report; per character


class Reports:
    """Prints records as they come. Standard output of the gist's engines is the gist's; notes go to standard error."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._quiet, self._json = quiet, as_json
        self._gist, self._sampled = True, False

    def note(self, text: str) -> None:
        if not self._quiet and not self._json:
            print(text, file=sys.stderr)

    def noted(self, text: str) -> str:
        """The text, if it is one that :meth:`note` prints."""
        return '' if self._quiet or self._json else text

    def warn(self, text: str) -> None:
        """Print what nobody may miss; of several processes the first one does."""
        from ..parallel.processes import processes

        if processes().leads:
            print(text, file=sys.stderr)

    def announce(self, run: 'Run') -> None:
        """What is about to happen; for the gist's engines only its own line."""
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
        print(f'memory {size_in_words(job.memory)} beside the text{each}', flush=True)
        if job.held_out:
            part = job.validate_part
            reads = '' if part is None else f'; validations read {part:,} of them, the last one all'
            print(f'held out {job.held_out:,} characters{reads}', flush=True)

    def from_standard_input(self, run: 'Run', texts: 'Texts', folder: Path) -> None:
        """Tell what such a kept run goes on with."""
        again = texts.again(folder)
        if run.text.corpus.entry is None:
            self.note(f'the text comes from standard input, and no cache keeps it: to go on, {again}')
        else:
            self.note(f'the text comes from standard input: --resume finds it in the cache; when it is gone, {again}')

    def complete(self, run: 'Run', folder: Path) -> None:
        """Tell what of its end a run has used up, what such an end counts, and what to type for as much again."""
        job = run.job
        if run.ended_early:
            again = f'fastrnn train --resume {quote(str(folder))} --patience {2 * (job.patience or 0)}'
            self.note(f'{folder}: the run is complete: it {_early(run)}; to go on, type: {again}')
            return
        from ..runs.ends import reached

        end = reached(job, run.iteration, run.seconds, folder)
        self.note(
            f"{folder}: the run is complete: {end.done} are done, and {end.given} counts from the run's start; to go "
            f'on for {end.more} more, type: {end.again}'
        )

    def beginning(self) -> AbstractContextManager[object]:
        """Show that something is done while a text is encoded, kernels are compiled and a preset tries the machine."""
        from ..progress import bar as progress

        return progress.display(self._quiet or self._json)

    def follow(self, records: Iterable['Record'], stopped: Callable[[], bool], signals: Sequence[int]) -> None:
        """Print records until the last or until stopped; once there are signals, the line at the bottom says so."""
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
        """Tell of an end that is not the planned one."""
        if run.ended_early:
            self.note(f'{_early(run)}; --patience sets how many')

    def by_heart(self, run: 'Run') -> None:
        """A hint where a text was seen so often that the model may know nothing else."""
        if run.job.held_out or run.job.abilities.gist_reports or self._quiet or self._json:
            return
        from ..training.by_heart import by_heart

        epochs = run.epochs()
        if by_heart(epochs, run.job.characters, run.job.architecture.all_parameters):
            self.note(
                f'the text was seen {epochs:,.0f} times and nothing is held out: the model may only have learned it by '
                'heart; add --validation 10% to see, and to keep the best'
            )

    def best(self, run: 'Run', save: Path | None) -> None:
        """Tell of the best model, where it is not the last: what is that model's."""
        if run.best_is_lost:  # whatever is quiet, and whichever warnings are shown
            if save is not None:
                self.warn(f'warning: {save}: holds the last model, as the best could not be read')
            return
        if run.figures.best is None or run.figures.best_iteration == run.iteration or self._quiet or self._json:
            return
        at = ''
        if run.figures.best_iteration is not None:
            at = f' at epoch {_short(run.epochs(run.figures.best_iteration), 1)}'
        best = f'{run.figures.best:.3f}'
        if run.job.validate_part is not None:
            whole = run.figures.best_whole
            best = f'{run.figures.best:.3f} (a part)' if whole is None else f'{whole:.3f} (all)'
        for name in ['the file'] if save is None else [str(save), save.name, 'the file']:
            taken = ['the sample'] * self._sampled + [name] * (save is not None)
            are = f"; {' and '.join(taken)} {'are' if len(taken) > 1 else 'is'} that model's" if taken else ''
            line = f'best {best}{at}{are}'
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
            # in one write: a second Ctrl-C between two would leave the cursor behind the dashes
            print('----\n %s \n----\n' % (record.sample,), end='')
        if self._gist and record.report:
            print(_gist_line(record))
        if self._gist and record.validation is not None:
            of = ''
            if record.validation_part is not None:
                of = f', of {"all " * record.last}{record.validated:,} held-out characters'
            print(f'validation {record.validation:.3f} bits per character{of}', file=sys.stderr)


def resumable(folder: Path) -> str:
    """What of a run is saved, and how it is resumed."""
    from ..model.run_files import checkpoints, iteration_of

    found = checkpoints(folder) if folder.is_dir() else []
    again = f'fastrnn train --resume {quote(str(folder))}'
    if not found:
        return f'nothing is saved yet; start again with: {again}'
    return f'saved at iteration {iteration_of(found[-1]):,}; go on with: {again}'


def _early(run: 'Run') -> str:
    """Why a run has ended before its end."""
    from ..decision.job import MARGIN

    at = ''
    if run.figures.best_iteration is not None:
        at = f', of epoch {_short(run.epochs(run.figures.best_iteration), 1)}'
    worse = f'{run.figures.worse:,} validations in a row' if run.figures.worse > 1 else 'a validation'
    return f'ended early: {worse} were worse than the best{at}, by {MARGIN:.0%} or more'


def _gist_line(record: 'Record') -> str:
    return 'iter %d, loss: %f' % (record.iteration, record.smooth_loss)


def _fast_line(record: 'Record') -> str:
    """One report of the batched engine, in 80 columns however long the run is."""
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
    """What a preset chose, and why; the line after it has T and the streams."""
    line = f'{model}: {why}'
    return line if len(line) <= COLUMNS else line.replace(' characters/s', '/s')


def _of_transfer(transfer: 'Transfer') -> list[str]:
    from ..data.lacking import listed, unit_name

    architecture = transfer.params.architecture
    what = f'{architecture.H} hidden units' if architecture.is_gist else f'the cells ({architecture.words})'
    lines = [f"{what} and their weights are the model's"]
    if transfer.new:
        unit, count = transfer.corpus.unit, len(transfer.new)
        names = listed((unit_name(ord(char), unit) for char in transfer.new), count)
        are = 's are new to the model and get new rows' if count > 1 else ' is new to the model and gets a new row'
        lines.append(f'{count:,} {unit}{are}: {names}')
    if transfer.unseen:
        lines.append(f'{len(transfer.unseen)} characters that the model knows do not occur in the text')
    return lines
