"""Changes a job: resumes it, changes its end, rolls it back, or starts it with an old model's weights.

Each function takes the old job, its state, and what is asked for now.
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

OF_MODEL = ('cell', 'layers', 'hidden_size', 'ngrams')  # what a run takes from the model that it starts from
ENDS = ('iterations', 'epochs', 'time')
WITHOUT = ('threads', 'patience')  # for these, None is a value too: automatic, and never
JUMP = 2.0  # largest factor by which the learning rate may jump
CHANGES = tuple(name for name, row in TABLE.items() if row.resume)  # options that may change on resuming


def with_end(job: Job, asked: Mapping[str, Any]) -> Job:
    """The job with these options, but its old schedule; one end replaces all. Raises ValueError for invalid ones."""
    for name, value in asked.items():
        if value is not None and not job.takes(name):
            cure = 'start a new run from its weights with --from'
            raise ValueError(f"{name} is {value}, but the run's engine, {job.engine}, has no such option: {cure}")
    reasons = dict.fromkeys(asked, 'asked for on resuming')
    if any(asked.get(end) is not None for end in ENDS):
        reasons = {**dict.fromkeys(ENDS, 'replaced by the end asked for on resuming'), **reasons}
        asked = {**dict.fromkeys(ENDS), **asked}
    return replace(job, **asked, reasons={**job.reasons, **reasons})


def resumed(job: Job, state: TrainState | None, asked: Mapping[str, Any]) -> Job:
    """The job that continues from a state, with the options asked for.

    With a new end, the schedule runs to that end. A schedule that is asked for starts a new cycle here. Repeating the
    same command changes nothing.
    """
    iteration, seconds, worse = (0, job.spent, 0) if state is None else (state.iteration, state.seconds, state.worse)
    changed = replace(with_end(job, asked), halvings=0 if state is None else state.halvings)
    if changed.over(iteration, seconds, worse):  # finished jobs stay unchanged
        return changed
    if asked.get('schedule') is not None:
        return _with_asked_cycle(job, changed, iteration, seconds)
    if changed.ends == job.ends or (job.schedule == 'constant' and job.warmup and iteration):  # no second warm-up
        return changed
    return _to_its_end(changed, iteration, seconds)


def _to_its_end(job: Job, iteration: int, seconds: float) -> Job:
    """Move the schedule's end to the job's end. If the learning rate would jump up, start a new warm-up and cycle.

    An unfinished cycle gets the new end. A finished one is followed by a new cycle, with a lower peak if little is
    added. Measured with an LSTM of 128 on Shakespeare: 2.337 bits after 1.5 million characters. With 1.1, 2 and 4 times
    as many, and peaks of 1, 1/2, 1/3: 2.472, 2.375, 2.354; 2.236, 2.220, 2.226; 2.181, 2.196, 2.189. At the last rate:
    2.319, 2.256, 2.239. A single run: 2.329, 2.199, 2.185. Extended from the middle: 2.349, 2.221, 2.166; with a new
    cycle at 1/2: 2.376, 2.220, 2.181. C source in shuffled blocks, a million characters and as many again: 2.385, at
    the last rate 2.462. In the text's order, in which each stream reads one file at a time: 2.893 and 2.854.
    """
    before = _segments_before(job, iteration) or job.segments[:1]
    now, (iterations, end) = before[-1], job.ends
    moved = now._replace(iterations=iterations, seconds=end)
    planned, here = (segment.factor(job.warmup, iteration, seconds) for segment in (moved, now))
    if planned <= JUMP * here:
        return replace(job, segments=(*before[:-1], moved))
    return _with_cycle(job, iteration, seconds, moved.factor(0.0, iteration, seconds))


def _with_asked_cycle(then: Job, now: Job, iteration: int, seconds: float) -> Job:
    """Start a cycle of the schedule that is asked for, at the full learning rate, unless it is already under way."""
    under_way = now.ends == then.ends == then.segment.ends and then.segment.first <= iteration
    if under_way and now.schedule == then.schedule:
        return now
    return _with_cycle(now, iteration, seconds, 1.0)


def _with_cycle(job: Job, iteration: int, seconds: float, peak: float) -> Job:
    cycle = Segment(job.schedule, iteration, seconds, *job.ends, peak)
    return replace(job, segments=(*_segments_before(job, iteration), cycle))


def _segments_before(job: Job, iteration: int) -> tuple[Segment, ...]:
    return tuple(segment for segment in job.segments if segment.first < iteration)


def rolled_back(job: Job) -> Job:
    """The job at half the learning rate."""
    return replace(job, halvings=job.halvings + 1)


def from_model(config: Config, model: Model | None) -> Config:
    """The config with an old model's architecture, if there is a model. Raises ValueError if they conflict."""
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
            raise ValueError(f'{name} is {asked}, but the model has {name} {there}, which is fixed: leave it out')
    return replace(config, **kept)


def of_earlier(facts: Mapping[str, Any], text: Text) -> Job:
    """The job of a run of version 0.1, whose config.json has settings, ``planned`` and ``earlier``.

    planned: iteration and seconds of the schedule's start and end, if they are not the run's; earlier: the schedules
    before it. Raises ValueError if they are invalid.
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
