"""Runs training for ``fastrnn train``: prints records, stops on signals, and saves every model that took long."""

import sys
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..errors import Diverged
from ..parallel.processes import processes
from ..system import outputs, stop
from .reports import Reports, resumable

if TYPE_CHECKING:
    from ..data.texts import Texts
    from ..decision.job import Job
    from ..runs.session import Session
    from ..training.run import Run

MISSED = 10.0  # seconds of training; a model that took longer is saved in the cache folder without --save
NOT_KEPT = 'to keep the model, add --save FILE; to resume the run later, add --out FOLDER'


def train_kept(session: 'Session', reports: Reports, save: Path | None) -> None:
    """Train in a run folder. After the first signal, finish the iteration, then save.

    A rollback replaces ``session.run``, so each use looks it up again.
    """
    folder = session.folder.path
    seconds, ending = session.run.seconds, False

    def begun() -> bool:
        return ending or session.run.seconds > seconds

    def last_words() -> str:
        return reports.noted(f'stopped immediately; {resumable(folder)}')

    with outputs.forgiven(), stop.working(begun, begun, last_words, led=not processes().leads) as signals:
        try:
            complete = _announce_kept(session, reports)
            reports.follow(session, lambda: agreed(signals), signals)
            ending = True
            session.close()
        except (KeyboardInterrupt, SystemExit):  # nothing to save
            session.__exit__(*sys.exc_info())
            reports.note(f'stopped; {resumable(folder)}')
            raise
        if save is not None:
            session.save(save)
        if not complete:  # else already printed
            reports.early(session.run)
        reports.best(session.run, save)
        reports.by_heart(session.run)
        if not session.run.over and processes().leads:
            reports.note(resumable(folder))
    stop.check()


def _announce_kept(session: 'Session', reports: Reports) -> bool:
    """Print what a kept run is about to do. Returns True if the run is already complete."""
    run, folder, first = session.run, session.folder.path, session.run.iteration
    if run.over:
        reports.complete(run, folder)
        return True
    if first:
        reports.note(f'{folder}: resumes from iteration {first:,}{_learning_rate(run.job, first)}')
    reports.announce(run)
    if session.texts.piped:
        reports.from_standard_input(run, session.texts, folder)
    return False


def _learning_rate(job: 'Job', iteration: int) -> str:
    """How the learning rate changes from this iteration on; '' if it follows the old schedule."""
    if job.schedule == 'constant' or job.segment.ends != job.ends:
        return ''
    if job.segment.first != iteration:
        return f'; the learning rate falls until {job.end_in_words}'
    peak = job.segment.peak * job.learning_rate * 0.5**job.halvings
    return f'; starts a new learning-rate cycle (peak {peak:.3g}), until {job.end_in_words}'


def train_in_memory(texts: 'Texts', config: Any, weights: Any, reports: Reports, save: Path | None) -> None:
    """Train without a run folder. The first signal stops the run; its model is saved to ``save``.

    Without ``save``, a model that took longer than MISSED seconds is saved in the cache folder.
    """
    from ..decision.changes import from_model
    from ..decision.new_job import new_job
    from ..decision.text import opened
    from ..training.run import Run

    with reports.beginning():
        config = from_model(config, weights)
        text = opened(texts)
        with text.corpus.discarded_in_vain():
            job, text, transfer = new_job(config, text, weights)
        run = Run(job, text, transfer=transfer)
    ending, kept = False, False  # True after the last iteration; True once the model is saved

    def worth() -> bool:
        return not kept and run.iteration > 0 and (save is not None or run.seconds >= MISSED)

    def gentle() -> bool:
        return ending or (run.iteration > 0 and (save is not None or processes().others_wait))

    def last_words() -> str:
        return reports.noted('stopped immediately; the model is not saved')

    def stopped() -> bool:
        if processes().agree(save is None and outputs.reader_is_gone()):
            raise BrokenPipeError
        return agreed(signals)

    with outputs.forgiven(), stop.working(worth, gentle, last_words, led=not processes().leads) as signals:
        try:
            reports.announce(run)
            if save is None:
                reports.note(NOT_KEPT)
            reports.follow(run, stopped, signals)
            ending = True
        except BaseException as error:
            ending = True
            if _whole(run, error):
                with suppress(Exception):  # the first error is printed
                    _keep(run, save, reports)
            elif signals and save is not None:
                reports.note('stopped before the first iteration; nothing was saved')
            raise
        if save is not None:
            _keep(run, save, reports)
        reports.early(run)
        reports.best(run, save)
        reports.by_heart(run)
        if save is None:
            _keep(run, save, reports)
        kept = True
    stop.check()


def _whole(run: 'Run', error: BaseException) -> bool:
    """True if a run that an error ended has a model to save, and all processes can save it together."""
    alike = not processes().others_wait or isinstance(error, Diverged | OSError)
    return alike and run.iteration > 0 and not (isinstance(error, Diverged) and run.figures.best is None)


def _keep(run: 'Run', save: Path | None, reports: Reports) -> None:
    """Save the model to ``save``.

    Save it in the cache folder if that fails, or if ``save`` is None and the run took longer than MISSED seconds.
    """
    if save is not None:
        try:
            run.save(save)
        except OSError:
            _rescue(run, reports)
            raise
    elif run.seconds >= MISSED:
        _rescue(run, reports)


def _rescue(run: 'Run', reports: Reports) -> None:
    """Save the model in the cache folder and print where. An error here must not hide how the run ended."""
    from ..runs.rescue import KEPT, rescue_model

    try:
        file = quote(str(rescue_model(run)))
    except Exception as error:
        reports.warn(f"the model can't be saved in the cache folder: {getattr(error, 'strerror', None) or error}")
    else:
        reports.warn(f'the model is saved in {file} (the newest {KEPT} are kept); try: fastrnn sample {file}')


def agreed(signals: list[int]) -> bool:
    """True if the first process has received a signal: the run then stops. ``signals`` becomes the first process's."""
    agreed_on = processes().agree(list(signals))
    if not processes().leads:  # the first process may have received more since
        signals[:] = agreed_on
    return bool(agreed_on)
