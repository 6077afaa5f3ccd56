"""What a training run prints: the gist's lines, the fast engine's, JSON, or nothing."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..adopt import Adopted
    from ..config import Config
    from ..corpus import Corpus
    from ..records import Progress
    from ..trainer import Run

NAMED = 20  # characters that are named, of those that are new


class Reports:
    """Prints records as they come. Standard output of the gist's engines is the gist's; notes go to standard error."""

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._quiet, self._json = quiet, as_json
        self._fast = False

    def note(self, text: str) -> None:
        if not self._quiet and not self._json:
            print(text, file=sys.stderr)

    def fitted(self, asked: 'Config', run: 'Run') -> None:
        """Tell where a short text has other streams and windows than the preset."""
        B, T = run.config.streams, run.config.seq_length
        if (asked.streams, asked.seq_length) != (B, T):
            text = f'the text is short ({run.corpus.ids.size:,} characters)'
            self.note(f'{text}: streams {B}, seq_length {T} in place of {asked.streams} and {asked.seq_length}')

    def start(self, config: 'Config', corpus: 'Corpus', held_out: Any, adopted: 'Adopted | None' = None) -> None:
        """What is about to happen; for the gist's engines only its own line."""
        self._fast = config.engine == 'fast'
        if adopted is not None:
            for line in _of_adoption(adopted):
                self.note(line)
        if self._quiet or self._json:
            return
        print('data has %d characters, %d unique.' % (corpus.ids.size, len(corpus.chars)), flush=True)
        if not self._fast:
            return
        for line in corpus.describe()[1:]:
            print(line)
        H, T, B = config.hidden_size, config.seq_length, config.streams
        print(f'{config.optimizer} at {config.learning_rate:g}, H={H}, T={T}, {B} streams, {config.dtype}')
        print(f'memory {config.memory(len(corpus.chars)) / 1e6:,.0f} MB beside the text', flush=True)
        if held_out is not None:
            print(f'held out {held_out.size:,} characters', flush=True)

    def follow(self, records: Iterable['Progress'], stopped: Callable[[], bool]) -> None:
        """Print records until the last or until stopped."""
        from .. import progress

        with progress.display(self._quiet or self._json) as show:
            for record in records:
                if self._json:
                    self._print_json(record)
                elif not self._quiet:
                    self._print(record)
                if record.sample is not None or record.report:
                    sys.stdout.flush()
                show(record)
                if stopped():
                    break

    def _print_json(self, record: 'Progress') -> None:
        if record.report or record.sample is not None or record.validation is not None:
            print(json.dumps(record.facts))

    def _print(self, record: 'Progress') -> None:
        if self._fast and record.report:
            print(_fast_line(record))
        if record.sample is not None:
            print('----\n %s \n----' % (record.sample,))
        if not self._fast and record.report:
            print('iter %d, loss: %f' % (record.iteration, record.smooth_loss))
        if not self._fast and record.validation is not None:
            print(f'validation {record.validation:.3f} bits per character', file=sys.stderr)


def _fast_line(record: 'Progress') -> str:
    """One report of the fast engine."""
    held_out = f'  validation {record.validation:.3f}' if record.validation is not None else ''
    return (
        f'iter {record.iteration + 1}  epoch {record.epoch:.2f}  {record.seconds:.1f} s  '
        f'{record.characters / record.seconds:,.0f} characters/s  '
        f'train {record.bits_per_character:.3f}{held_out} bits per character'
    )


def _of_adoption(adopted: 'Adopted') -> list[str]:
    lines = [f"{adopted.params.H} hidden units and their weights are the model's"]
    if adopted.new:
        names = ', '.join(f'{char!a}' for char in adopted.new[:NAMED])
        more = f' and {len(adopted.new) - NAMED} more' if len(adopted.new) > NAMED else ''
        lines.append(f'{len(adopted.new)} characters are new to the model and get new rows: {names}{more}')
    if adopted.unseen:
        lines.append(f'{len(adopted.unseen)} characters that the model knows do not occur in the text')
    return lines
