"""The end of a kept run that is reached, in words: which option gave it, and what to type for as much again."""

import math
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ..settings.config import Config
from ..training.schedule import Horizon


@dataclass(frozen=True)
class Reached:
    """An end that is behind a run."""

    given: str  # such as '--time 10s'
    more: str  # such as '10s'
    done: str  # such as '12.3 s'
    again: str  # the command that goes on for as much more


def reached(config: Config, horizon: Horizon, iteration: int, seconds: float, folder: Path) -> Reached:
    """Which of a run's ends is behind it, after ``iteration`` iterations and ``seconds`` seconds."""
    if config.time is not None and seconds >= config.time:
        option, end, done, unit, told = '--time', config.time, seconds, 's', f'{seconds:,.1f} s'
    elif config.iterations is not None and iteration >= config.iterations:
        option, end, done, unit, told = '--iterations', config.iterations, iteration, '', f'{iteration:,} iterations'
    else:
        option, end, unit = '--epochs', config.epochs or 0.0, ''
        done = iteration / horizon.iterations_per_epoch
        told = f'{done:,.1f} epochs'
    more, later = f'{end:.10g}{unit}', f'{math.ceil(done + end)}{unit}'
    again = f'fastrnn train --resume {quote(str(folder))} {option} {later}'
    return Reached(f'{option} {more}', more, told, again)


def behind(config: Config, horizon: Horizon, iteration: int, seconds: float, worse: int, folder: Path) -> ValueError:
    """The error of an end that is asked for, but behind a run that has not come to its own."""
    if not horizon.over(iteration, seconds):
        return ValueError(
            f'{folder}: with --patience {config.patience} the run would end where it is, since {worse:,} validations '
            f'in a row were worse than the best; to go on, give a larger number'
        )
    end = reached(config, horizon, iteration, seconds, folder)
    return ValueError(
        f"{folder}: {end.given} counts from the run's start, and {end.done} are done; to go on for {end.more} more, "
        f'type: {end.again}; to go on to the end that the run has, leave {end.given.split()[0]} out'
    )
