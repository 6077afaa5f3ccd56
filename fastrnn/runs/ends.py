"""The reached end of a kept run, in words: the option that set it, and the command that trains for as long again."""

import math
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ..decision.job import Job


@dataclass(frozen=True)
class Reached:
    """An end that a run has reached or passed."""

    given: str  # such as '--time 10s'
    more: str  # such as '10s'
    done: str  # such as '12.3 s'
    again: str  # the command that trains for as long again


def reached(job: Job, iteration: int, seconds: float, folder: Path) -> Reached:
    """The end that a run has reached after ``iteration`` iterations and ``seconds`` seconds."""
    if job.time is not None and seconds >= job.time:
        option, end, done, unit, words = '--time', job.time, seconds, 's', f'{seconds:,.1f} s'
    elif job.iterations is not None and iteration >= job.iterations:
        option, end, done, unit = '--iterations', job.iterations, iteration, ''
        words = f'{iteration:,} iteration{"s" * (iteration != 1)}'
    else:
        option, end, unit = '--epochs', job.epochs or 0.0, ''
        done = iteration / job.iterations_per_epoch
        words = f'{done:,.1f} epochs'
    more, later = f'{end:.10g}{unit}', f'{math.ceil(done + end)}{unit}'
    again = f'fastrnn train --resume {quote(str(folder))} {option} {later}'
    return Reached(f'{option} {more}', more, words, again)


def behind(job: Job, iteration: int, seconds: float, worse: int, folder: Path) -> ValueError:
    """The error for a requested end that lies before the run's current iteration, while its own end is still ahead."""
    if not job.at_end(iteration, seconds):
        return ValueError(
            f'{folder}: --patience {job.patience} would stop the run now: the number of consecutive validations worse '
            f'than the best is {worse:,}; give a larger one'
        )
    end = reached(job, iteration, seconds, folder)
    return ValueError(
        f'{folder}: the run has already trained for {end.done}, and {end.given} counts from its start; to train '
        f"{end.more} more: {end.again}; to train to the run's own end, leave out {end.given.split()[0]}"
    )
