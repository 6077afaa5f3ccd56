"""What becomes of a job: each change is a function of the job, its state, and what is asked."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from decisions import job_of, text_of
from models import model_of

from fastrnn.decision.changes import CHANGES, from_model, of_earlier, resumed, rolled_back
from fastrnn.decision.job import ROLLBACK
from fastrnn.decision.schedule import Segment
from fastrnn.settings.config import Config

COSINE = {'engine': 'batched', 'schedule': 'cosine', 'iterations': 40, 'learning_rate': 1.0}


def at(iteration, seconds=0.0, worse=0, halvings=0):
    return SimpleNamespace(iteration=iteration, seconds=seconds, worse=worse, halvings=halvings)


def test_nothing_is_asked():
    job = job_of(**COSINE)
    assert resumed(job, at(10), {}) == (job, '') == resumed(job, None, {})


def test_an_old_job_stays_as_it_was():
    job = job_of(**COSINE)
    before = replace(job)
    for asked in ({'iterations': 60}, {'iterations': 60, 'schedule': 'step'}, {'threads': 2}, {'patience': 3}):
        resumed(job, at(10), asked)
    assert job == before and CHANGES == ('iterations', 'epochs', 'time', 'schedule', 'patience', 'threads')


def test_another_end_takes_the_place_of_all_and_the_schedule_stays():
    longer, told = resumed(job_of(**COSINE, time=90.0), at(10), {'iterations': 60})
    assert longer.ends == (60, None) and longer.segments == (Segment('cosine', 0, 0.0, 40, 90.0),)
    assert re.match(
        r'the learning rate keeps to its schedule until iteration 40 or 90 s, as planned, and stays at', told
    )
    shorter, told = resumed(job_of(**COSINE), at(10), {'iterations': 20})
    assert shorter.segment.iterations == 40 and 'though the run ends before' in told


def test_a_constant_rate_has_no_schedule_to_keep():
    job, told = resumed(job_of(engine='batched', iterations=40), at(40), {'iterations': 60})
    assert told == '' and job.segments == (Segment('constant', 0, 0.0, 60, None),)


def test_a_new_cycle_begins_where_the_run_is():
    """And the same command a second time begins no other."""
    asked = {'iterations': 80, 'schedule': 'cosine'}
    job, told = resumed(job_of(**COSINE), at(30, 1.5), asked)
    assert told == '' and job.segments == (Segment('cosine', 0, 0.0, 40, None), Segment('cosine', 30, 1.5, 80, None))
    assert resumed(job, at(50, 2.5), asked)[0] == job
    other = resumed(job, at(50, 2.5), {'schedule': 'linear', 'iterations': 80})[0]
    assert [segment.schedule for segment in other.segments] == ['cosine', 'cosine', 'linear']


def test_a_second_cycle_stays_where_it_began():
    """When the run is lengthened while it lasts."""
    job = resumed(job_of(**COSINE), at(30, 1.5), {'iterations': 80, 'schedule': 'cosine'})[0]
    assert resumed(job, at(50, 2.5), {'iterations': 100})[0].segments == job.segments
    first = Segment('cosine', 0, 0.0, 40, None)
    constant = replace(
        job_of(engine='batched', iterations=80), segments=(first, Segment('constant', 40, 2.0, 80, None))
    )
    longer = resumed(constant, at(50, 2.5), {'iterations': 100})[0]
    assert longer.segments == (first, Segment('constant', 40, 2.0, 100, None))


def test_a_complete_one_stays_as_it_is():
    for state, asked in ((at(40), {'iterations': 30}), (at(20, worse=3), {'iterations': 60, 'patience': 2})):
        job, told = resumed(job_of(**COSINE), state, asked)
        assert told == '' and job.segment.iterations == 40


def test_what_the_engine_has_not():
    """No advice that is refused: the engine of a run stays."""
    with pytest.raises(ValueError, match=r'^schedule is cosine, but the run is of the engine exact, which has none'):
        resumed(job_of(iterations=40), at(10), {'schedule': 'cosine'})


def test_a_complete_one_gets_no_new_cycle():
    """Nor one whose new end is behind it."""
    for asked in ({'schedule': 'linear'}, {'schedule': 'linear', 'iterations': 30}):
        job, told = resumed(job_of(**COSINE), at(40), asked)
        assert told == '' and job.segments == (Segment('cosine', 0, 0.0, 40, None),)


def test_back_to_before_the_last_segment():
    """A constant rate goes on from the segment that the state is in."""
    job = replace(job_of(engine='batched', iterations=200), segments=[('constant', 0, 0.0, 100, None), *LAST])
    shorter = resumed(job, at(40), {'iterations': 60})[0]
    assert shorter.segments == (Segment('constant', 0, 0.0, 60, None),) and shorter.ends == (60, None)


LAST = [('constant', 100, 9.0, 200, None)]


def test_a_run_of_no_iterations_has_a_schedule_when_it_is_lengthened():
    job, told = resumed(job_of(**{**COSINE, 'iterations': 0}, warmup=0.1), None, {'iterations': 400})
    assert told == '' and job.segment.iterations == 400 and job.rates(399, 1, 0.0, 0.0)[0] < 0.1


def test_trials_are_no_part_of_a_new_cycle():
    job = replace(job_of(**COSINE), spent=0.5)
    assert resumed(job, None, {'schedule': 'linear', 'iterations': 80})[0].segment.since == 0.5


def test_reasons_follow_what_is_asked():
    job = replace(job_of(**COSINE), reasons={'iterations': 'asked for', 'time': 'nobody asked for it', 'cell': 'x'})
    reasons = resumed(job, at(10), {'time': 9.0})[0].reasons
    assert reasons['time'] == 'asked for when it was resumed' and reasons['cell'] == 'x'
    assert reasons['iterations'] == reasons['epochs'] == 'another end was asked for when it was resumed'


def test_a_rollback_halves_the_rate():
    job = job_of(**COSINE)
    assert list(rolled_back(rolled_back(job)).rates(0, 2, 0.0, 0.0)) == list(job.rates(0, 2, 0.0, 0.0) / 4)
    assert resumed(job, at(10, halvings=2), {})[0] == rolled_back(rolled_back(job))


def test_a_model_brings_its_architecture():
    model = model_of('abc', cell='gru', layers=2)
    architecture = model.params.architecture
    asked = Config(engine='batched', seed=1)
    config = from_model(asked, model)
    assert (config.cell, config.layers, config.hidden_size) == (architecture.cell, architecture.layers, architecture.H)
    assert from_model(asked, None) is asked and asked.cell is None
    with pytest.raises(ValueError, match=f'^layers is 7, but the model has layers {architecture.layers}, which stays'):
        from_model(Config(engine='batched', layers=7), model)


def test_jobs_of_earlier_versions():
    """Settings, the place of a schedule that is not the run's, and the schedules before it."""
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
    facts['planned'] = [80, 2.5, None, None]  # of a run that was complete when a cycle was asked for
    assert of_earlier(facts, text_of(900)).segment == Segment('cosine', 80, 2.5, 80, None)
    with pytest.raises(ValueError, match='there is no option colour'):
        of_earlier({'colour': 'blue'}, text_of(900))
