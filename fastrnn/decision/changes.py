"""What becomes of a job that is changed: resumed, lengthened, rolled back, or begun with an old model's weights.

Each is a function of the job that there was, the state that it has come to, and what is asked now.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ..model.model import Model, check_model
from ..model.state import TrainState
from ..settings.abilities import engine_now
from ..settings.config import Config
from ..settings.options import TABLE, Settings
from .job import ROLLBACK, Job
from .ladder import Climb
from .resolve import completed
from .schedule import Segment
from .text import Text

OF_MODEL = ('cell', 'layers', 'hidden_size', 'ngrams')  # what a run that starts from a model takes of it
ENDS = ('iterations', 'epochs', 'time')
WITHOUT = ('threads', 'patience')  # which None changes too: as many as pay, and never
CHANGES = tuple(name for name, row in TABLE.items() if row.resume)  # that a job takes when it goes on


def with_end(job: Job, asked: Mapping[str, Any]) -> Job:
    """The job as it is asked for, but for its schedule: one end replaces all. Raises ValueError for what can't be."""
    for name, value in asked.items():
        if value is not None and not job.takes(name):
            cure = 'start a new run from its weights with --from'
            raise ValueError(f'{name} is {value}, but the run is of the engine {job.engine}, which has none: {cure}')
    reasons = dict.fromkeys(asked, 'asked for when it was resumed')
    if any(asked.get(end) is not None for end in ENDS):
        reasons = {**dict.fromkeys(ENDS, 'another end was asked for when it was resumed'), **reasons}
        asked = {**dict.fromkeys(ENDS), **asked}
    return replace(job, **asked, reasons={**job.reasons, **reasons})


def resumed(job: Job, state: TrainState | None, asked: Mapping[str, Any]) -> tuple[Job, str]:
    """The job that goes on from a state with another end or a new cycle of the schedule; and what is to be told.

    The schedule stays as it was planned, unless one is asked for: then it goes from here to the end. The same command
    a second time begins no second cycle.
    """
    iteration, seconds, worse = (0, job.spent, 0) if state is None else (state.iteration, state.seconds, state.worse)
    changed = replace(with_end(job, asked), halvings=0 if state is None else state.halvings)
    if changed.over(iteration, seconds, worse):  # complete ones stay as they are
        return changed, ''
    if asked.get('schedule') is not None:
        return _with_new_cycle(job, changed, iteration, seconds), ''
    if changed.ends == job.ends:
        return changed, ''
    if (job.schedule == 'constant' and not job.warmup) or not any(job.segment.ends):
        return _lengthened(changed, iteration), ''
    return changed, _told_of_schedule(job, changed)


def _lengthened(changed: Job, iteration: int) -> Job:
    """With the segment that an iteration is in going to the new end."""
    here = [segment for segment in changed.segments if segment.first <= iteration] or [changed.segments[0]]
    iterations, seconds = changed.ends
    return replace(changed, segments=(*here[:-1], here[-1]._replace(iterations=iterations, seconds=seconds)))


def _told_of_schedule(then: Job, now: Job) -> str:
    ends = zip(then.segment.ends, now.ends, strict=True)
    if all(new is not None and new < end for end, new in ends if end is not None):
        becomes = ', though the run ends before'
    else:
        becomes = f', and stays at {now.last_rate:.3g} from there on'
    return (
        f'the learning rate keeps to its schedule until {then.end_in_words}, as planned{becomes}; '
        f'for a new cycle to the new end add --schedule {then.schedule}'
    )


def _with_new_cycle(then: Job, now: Job, iteration: int, seconds: float) -> Job:
    under_way = now.ends == then.ends == then.segment.ends and then.segment.first <= iteration
    if under_way and now.schedule == then.schedule:
        return now
    before = tuple(segment for segment in then.segments if segment.first < iteration)
    return replace(now, segments=(*before, Segment(now.schedule, iteration, seconds, *now.ends)))


def rolled_back(job: Job) -> Job:
    """At half the learning rate."""
    return replace(job, halvings=job.halvings + 1)


def from_model(config: Config, model: Model | None) -> Config:
    """What is asked for, with an old model's architecture, if there is one. Raises ValueError for another."""
    if model is None:
        return config
    check_model(model)
    architecture = model.params.architecture
    of_model = (architecture.cell, architecture.layers, architecture.H, architecture.ngrams)
    kept = dict(zip(OF_MODEL, of_model, strict=True))
    if architecture.ngrams:
        kept['ngram_rows'] = architecture.ngram_rows
    for name, there in kept.items():
        asked = getattr(config, name)
        if asked not in (None, there):
            raise ValueError(f'{name} is {asked}, but the model has {name} {there}, which stays: leave it out')
    return replace(config, **kept)


def of_earlier(facts: Mapping[str, Any], text: Text) -> Job:
    """The job of a run that a version before 0.2 has begun, whose config.json has settings, ``planned``, ``earlier``.

    planned: iteration and seconds of the schedule's begin and end, where these are not the run's; earlier: the
    schedules before it, by name. Raises ValueError where they can't be.
    """
    names = {row.name for row in fields(Settings)}
    unknown = facts.keys() - names - {'planned', 'earlier', 'fit'}
    if unknown:
        raise ValueError(f'there is no option {min(unknown)}')
    given = {name: value for name, value in facts.items() if name in names}
    settings = Settings(**{**given, 'engine': engine_now(given.get('engine', 'exact'))})
    if settings.shards is None and settings.takes('shards'):
        settings = replace(settings, shards=1)
    job = completed(settings, text, Climb(settings), kept=True, on_divergence=ROLLBACK, reasons={})
    last = job.segment
    if facts.get('planned') is not None:
        first, since, *ends = facts['planned']
        ends = ends if any(ends) else last.ends
        last = Segment(settings.schedule, first, since, *ends)
    earlier = (Segment(*segment) for segment in facts.get('earlier', ()))
    return replace(job, segments=(*earlier, last))
