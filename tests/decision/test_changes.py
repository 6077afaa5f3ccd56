"""Changes of a job: functions of the job, its state, and what is asked for."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from decisions import job_of, text_of
from models import model_of

from fastrnn.decision.changes import CHANGES, JUMP, from_model, of_earlier, resumed, rolled_back
from fastrnn.decision.job import ROLLBACK
from fastrnn.decision.schedule import Segment
from fastrnn.settings.config import Config

COSINE = {'engine': 'batched', 'schedule': 'cosine', 'iterations': 40, 'learning_rate': 1.0}


def at(iteration, seconds=0.0, worse=0, halvings=0):
    return SimpleNamespace(iteration=iteration, seconds=seconds, worse=worse, halvings=halvings)


def test_resuming_without_options_changes_nothing():
    job = job_of(**COSINE)
    assert resumed(job, at(10), {}) == job == resumed(job, None, {})


def test_the_old_job_is_not_modified():
    job = job_of(**COSINE)
    before = replace(job)
    for asked in ({'iterations': 60}, {'iterations': 60, 'schedule': 'step'}, {'threads': 2}, {'patience': 3}):
        resumed(job, at(10), asked)
    assert job == before and CHANGES == ('iterations', 'epochs', 'time', 'schedule', 'patience', 'threads')


FIRST = Segment('cosine', 0, 0.0, 40, None)


FALLING = ['cosine', 'linear', 'wsd', 'step']


@pytest.mark.parametrize('schedule', FALLING)
def test_a_later_end_starts_a_new_cycle(schedule):
    """At the old end. Repeating the command starts no other cycle."""
    begun = job_of(**COSINE | {'schedule': schedule}, warmup=0.1)
    job = resumed(begun, at(40, 1.5), {'iterations': 80})
    first, second = job.segments
    assert first == begun.segment and second[:5] == (schedule, 40, 1.5, 80, None) and job.ends == (80, None)
    assert job.rates(40, 1, 0.0, 0.0)[0] < 0.02 and job.rates(80, 1, 0.0, 0.0)[0] < second.peak / 20
    assert list(job.rates(0, 40, 0.0, 0.0)) == list(begun.rates(0, 40, 0.0, 0.0))
    for later in (40, 45):
        assert resumed(job, at(later, 2.0), {'iterations': 80}) == job == resumed(job, at(later, 2.0), {})
    assert [segment.first for segment in resumed(job, at(80, 4.0), {'iterations': 200}).segments] == [0, 40, 80]
    assert resumed(job, at(40, 1.5), {'iterations': 160}) == resumed(begun, at(40, 1.5), {'iterations': 160})


@pytest.mark.parametrize('schedule', FALLING)
@pytest.mark.parametrize(('reached', 'end'), [(0, 80), (1, 80), (3, 400), (17, 80), (17, 30)])
def test_an_unfinished_cycle_extends_to_the_new_end(schedule, reached, end):
    """With the rates of a run that was planned to that end, and without a second warm-up."""
    options = COSINE | {'schedule': schedule}
    job = resumed(job_of(**options, warmup=0.1), at(reached), {'iterations': end})
    planned = job_of(**options | {'iterations': end}, warmup=0.1)
    assert job.segments == planned.segments and list(job.rates(0, end, 0.0, 0.0)) == list(
        planned.rates(0, end, 0.0, 0.0)
    )


def test_a_nearly_finished_cycle_is_followed_by_another():
    """Otherwise the rate would jump up for a model that has settled."""
    job = job_of(**COSINE, warmup=0.1)
    for reached, cycles in ((20, 1), (28, 2), (38, 2)):
        longer = resumed(job, at(reached), {'iterations': 160})
        jump = longer.rates(reached, 1, 0.0, 0.0)[0] / job.rates(reached, 1, 0.0, 0.0)[0]
        assert len(longer.segments) == cycles and jump <= JUMP


@pytest.mark.parametrize(
    ('schedule', 'end', 'peak'),
    [('cosine', 44, 0.04), ('cosine', 80, 0.51), ('cosine', 160, 0.86), ('linear', 80, 0.5), ('wsd', 44, 0.45)],
)
def test_the_peak_of_a_new_cycle(schedule, end, peak):
    """The rate that a single run to the new end has there: a short extension must not undo what was learned."""
    job = resumed(job_of(**COSINE | {'schedule': schedule}), at(40), {'iterations': end})
    one_run = job_of(**COSINE | {'schedule': schedule, 'iterations': end})
    assert job.rates(40, 1, 0.0, 0.0)[0] == one_run.rates(40, 1, 0.0, 0.0)[0] == pytest.approx(peak, abs=0.01)


def test_ends_of_other_kinds():
    """One end replaces all. With a time, the cycle is measured in seconds."""
    longer = resumed(job_of(**COSINE, time=90.0), at(40, 5.0), {'time': 20.0})
    assert longer.ends == (None, 20.0) and longer.segment[:5] == ('cosine', 40, 5.0, None, 20.0)
    assert longer.segment.peak == pytest.approx(0.86, abs=0.01)
    assert resumed(job_of(**COSINE, time=90.0), at(10, 5.0), {'time': 20.0}).segment == ('cosine', 0, 0, None, 20, 1)


def test_a_constant_rate_starts_no_cycle():
    """The rate stays, without a second warm-up."""
    job = resumed(job_of(engine='batched', iterations=40), at(40), {'iterations': 60})
    assert job.segments == (Segment('constant', 0, 0.0, 60, None),)
    warmed = job_of(engine='batched', iterations=40, warmup=0.5)
    longer = resumed(warmed, at(30), {'iterations': 400})
    assert list(longer.rates(0, 60, 0.0, 0.0)) == list(warmed.rates(0, 60, 0.0, 0.0))
    unbegun = resumed(job_of(engine='batched', iterations=0, warmup=0.5), None, {'iterations': 400})
    assert unbegun.rates(399, 1, 0.0, 0.0)[0] == unbegun.learning_rate


def test_a_schedule_that_is_asked_for_starts_a_cycle_at_the_full_rate():
    """Repeating the command starts no other cycle."""
    asked = {'iterations': 80, 'schedule': 'cosine'}
    job = resumed(job_of(**COSINE), at(30, 1.5), asked)
    assert job.segments == (FIRST, Segment('cosine', 30, 1.5, 80, None))
    assert resumed(job, at(50, 2.5), asked) == job
    other = resumed(job, at(50, 2.5), {'schedule': 'linear', 'iterations': 80})
    assert [segment.schedule for segment in other.segments] == ['cosine', 'cosine', 'linear']


def test_a_constant_cycle_extends_to_the_new_end():
    constant = replace(
        job_of(engine='batched', iterations=80), segments=(FIRST, Segment('constant', 40, 2.0, 80, None))
    )
    longer = resumed(constant, at(50, 2.5), {'iterations': 100})
    assert longer.segments == (FIRST, Segment('constant', 40, 2.0, 100, None))


def test_resuming_before_a_cycle():
    """With the cycle's end, the cycle stays. With another end, a cycle that starts here replaces it."""
    job = resumed(job_of(**COSINE), at(40, 2.0), {'iterations': 80})
    assert resumed(job, at(30, 1.5), {'iterations': 80}).segments == job.segments
    other = resumed(job, at(39, 1.9), {'iterations': 100})
    assert [segment.first for segment in other.segments] == [0, 39]


def test_a_run_that_an_earlier_version_extended_stays_at_its_last_rate():
    """Until a new end is asked for."""
    job = replace(job_of(**COSINE | {'iterations': 60}), segments=(FIRST,))
    assert resumed(job, at(50), {}) == job == resumed(job, at(50), {'iterations': 60})
    assert [segment.first for segment in resumed(job, at(60), {'iterations': 80}).segments] == [0, 60]


def test_a_complete_job_keeps_its_schedule():
    for state, asked in ((at(40), {'iterations': 30}), (at(20, worse=3), {'iterations': 60, 'patience': 2})):
        assert resumed(job_of(**COSINE), state, asked).segment.iterations == 40


def test_options_that_the_engine_does_not_have():
    """The message does not suggest another engine: the engine of a run stays."""
    with pytest.raises(ValueError, match=r"^schedule is cosine, but the run's engine, exact, has no such option"):
        resumed(job_of(iterations=40), at(10), {'schedule': 'cosine'})


def test_a_complete_job_starts_no_cycle():
    """The same if the new end is already reached."""
    for asked in ({'schedule': 'linear'}, {'schedule': 'linear', 'iterations': 30}):
        assert resumed(job_of(**COSINE), at(40), asked).segments == (FIRST,)


def test_resuming_before_the_last_segment():
    """A constant rate continues with the segment of the state."""
    job = replace(job_of(engine='batched', iterations=200), segments=[('constant', 0, 0.0, 100, None), *LAST])
    shorter = resumed(job, at(40), {'iterations': 60})
    assert shorter.segments == (Segment('constant', 0, 0.0, 60, None),) and shorter.ends == (60, None)


LAST = [('constant', 100, 9.0, 200, None)]


def test_a_run_of_no_iterations_gets_a_schedule_when_it_is_extended():
    job = resumed(job_of(**{**COSINE, 'iterations': 0}, warmup=0.1), None, {'iterations': 400})
    assert job.segment.iterations == 400 and job.rates(399, 1, 0.0, 0.0)[0] < 0.1


def test_a_new_cycle_starts_after_the_trials():
    job = replace(job_of(**COSINE), spent=0.5)
    assert resumed(job, None, {'schedule': 'linear', 'iterations': 80}).segment.since == 0.5


def test_reasons_follow_what_is_asked():
    job = replace(job_of(**COSINE), reasons={'iterations': 'asked for', 'time': 'not asked for', 'cell': 'x'})
    reasons = resumed(job, at(10), {'time': 9.0}).reasons
    assert reasons['time'] == 'asked for on resuming' and reasons['cell'] == 'x'
    assert reasons['iterations'] == reasons['epochs'] == 'replaced by the end asked for on resuming'


def test_a_rollback_halves_the_rate():
    job = job_of(**COSINE)
    assert list(rolled_back(rolled_back(job)).rates(0, 2, 0.0, 0.0)) == list(job.rates(0, 2, 0.0, 0.0) / 4)
    assert resumed(job, at(10, halvings=2), {}) == rolled_back(rolled_back(job))


def test_a_model_brings_its_architecture():
    model = model_of('abc', cell='gru', layers=2)
    architecture = model.params.architecture
    asked = Config(engine='batched', seed=1)
    config = from_model(asked, model)
    assert (config.cell, config.layers, config.hidden_size) == (architecture.cell, architecture.layers, architecture.H)
    assert from_model(asked, None) is asked and asked.cell is None
    with pytest.raises(
        ValueError, match=f'^layers is 7, but the model has layers {architecture.layers}, which is fixed'
    ):
        from_model(Config(engine='batched', layers=7), model)


def test_jobs_of_earlier_versions():
    """Settings, the start and end of a schedule if not the run's, and the schedules before it."""
    facts = {'engine': 'fast', 'schedule': 'cosine', 'iterations': 80, 'hidden_size': 9, 'fit': [], 'shards': None}
    job = of_earlier(facts, text_of(900))
    assert (job.engine, job.shards, job.on_divergence, job.hidden_size) == ('batched', 1, ROLLBACK, 9)
    assert job.segments == (Segment('cosine', 0, 0.0, 80, None),)
    facts |= {'planned': [30, 1.5, None, None], 'earlier': [['step', 0, 0.0, 40, None]]}
    assert of_earlier(facts, text_of(900)).segments == (
        Segment('step', 0, 0.0, 40, None),
        Segment('cosine', 30, 1.5, 80, None),
    )
    facts['planned'] = [0, 0.0, 40, None]
    assert of_earlier(facts, text_of(900)).segment == Segment('cosine', 0, 0.0, 40, None)
    facts['planned'] = [80, 2.5, None, None]  # the run was complete when a cycle was asked for
    assert of_earlier(facts, text_of(900)).segment == Segment('cosine', 80, 2.5, 80, None)
    with pytest.raises(ValueError, match='there is no option colour'):
        of_earlier({'colour': 'blue'}, text_of(900))
