"""The end of a kept run that is reached, in words: which option gave it, and what to type for as much again."""

import math
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ..decision.job import Job


@dataclass(frozen=True)
class Reached:
    """An end that is behind a run."""

    given: str  # such as '--time 10s'
    more: str  # such as '10s'
    done: str  # such as '12.3 s'
    again: str  # the command that goes on for as much more


def reached(job: Job, iteration: int, seconds: float, folder: Path) -> Reached:
    """Which of a run's ends is behind it, after ``iteration`` iterations and ``seconds`` seconds."""
    if job.time is not None and seconds >= job.time:
        option, end, done, unit, told = '--time', job.time, seconds, 's', f'{seconds:,.1f} s'
    elif job.iterations is not None and iteration >= job.iterations:
        option, end, done, unit, told = '--iterations', job.iterations, iteration, '', f'{iteration:,} iterations'
    else:
        option, end, unit = '--epochs', job.epochs or 0.0, ''
        done = iteration / job.iterations_per_epoch
        told = f'{done:,.1f} epochs'
    more, later = f'{end:.10g}{unit}', f'{math.ceil(done + end)}{unit}'
    again = f'fastrnn train --resume {quote(str(folder))} {option} {later}'
    return Reached(f'{option} {more}', more, told, again)


def behind(job: Job, iteration: int, seconds: float, worse: int, folder: Path) -> ValueError:
    """The error of an end that is asked for, but behind a run that has not come to its own."""
    if not job.at_end(iteration, seconds):
        return ValueError(
            f'{folder}: with --patience {job.patience} the run would end where it is, since {worse:,} validations '
            f'in a row were worse than the best; to go on, give a larger number'
        )
    end = reached(job, iteration, seconds, folder)
    return ValueError(
        f"{folder}: {end.given} counts from the run's start, and {end.done} are done; to go on for {end.more} more, "
        f'type: {end.again}; to go on to the end that the run has, leave {end.given.split()[0]} out'
    )
