"""Resumes a kept run."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from ..data.texts import Texts, check_text_identity
from ..decision.agreement import check_hosts
from ..decision.changes import CHANGES, ENDS, WITHOUT, resumed, with_end
from ..decision.job import Job
from ..decision.memory import check_memory, memory
from ..decision.resolve import check_text
from ..decision.text import Text, opened
from ..engines.shards import check_shards
from ..model.checkpoint import Checkpoint, load_checkpoint
from ..model.run_files import BEST, CONFIG
from ..parallel.processes import led, together
from ..settings.abilities import engine_now
from ..settings.did_you_mean import check_names
from ..settings.file_names import Files
from ..settings.options import Settings, check
from ..training.run import Run
from .best import InFolder
from .config_file import Description, damaged
from .ends import behind
from .folder import RunFolder
from .session import Session

AGAIN = 'start again in another folder'
OTHER_RUN = 'restore config.json, or start a new run from the checkpoint with --from'
# settings that a state depends on; 0.1.0 had only one cell and did not write the last two
SHAPE = ('engine', 'hidden_size', 'seq_length', 'streams', 'dtype', 'optimizer', 'cell', 'layers')


def resume(
    folder: str | Path,
    files: Files | None = None,
    *,
    keep: int | None = None,
    on_divergence: str | None = None,
    **changes: Any,
) -> Session:
    """Resume a run from its last checkpoint, as if it had not stopped.

    Parameters
    ----------
    folder : path
        The run folder, or one of its checkpoints: then the run resumes from that one, and newer ones are renamed.
    files : path or sequence of paths, optional
        The text, if its file was moved.
    keep : int, optional
        New number of newest checkpoints to keep.
    on_divergence : {'rollback', 'stop'}, optional
        New value, see ``fastrnn.start``.
    **changes
        New values of ``threads``, ``patience``, ``schedule``, or an end. An end (``iterations``, ``epochs`` or
        ``time``) replaces all earlier ends and counts from the start of the run. The learning-rate schedule then runs
        to the new end. After the old end, it warms up to the rate that a single run of the new length would have at
        this point, and falls again. ``schedule`` starts a new cycle of that schedule here, with the full learning rate
        as its peak.

    Returns
    -------
    Session
        Iterate over it for the records.

    Raises
    ------
    ValueError
        In one line: for a missing or damaged run, and for a text that has changed. TypeError for an unknown option.
    """
    check_names(changes, CHANGES)
    changes = {name: value for name, value in changes.items() if value is not None or name in WITHOUT}
    changes = {name: value if value is None else check(name, value) for name, value in changes.items()}
    chosen = Path(folder)
    is_file = led(chosen.is_file)()
    if is_file and not led((chosen.parent / CONFIG).is_file)():
        raise ValueError(f'{folder}: not in a run folder; start a new run from its weights with --from')
    place = RunFolder(chosen.parent if is_file else chosen)
    try:
        then = led(Description.read)(place.path)
        then = replace(then, keep=then.keep if keep is None else check('keep', keep))
        policy = None if on_divergence is None else check('on_divergence', on_divergence)
        return _reopened(place, chosen if is_file else None, files, then, policy, changes)
    except BaseException:
        place.close()
        raise


def _reopened(
    place: RunFolder,
    chosen: Path | None,
    files: Files | None,
    then: Description,
    on_divergence: str | None,
    changes: Mapping[str, Any],
) -> Session:
    path = chosen or place.newest()
    text, texts = _same_text(place, chosen, files, then)
    checkpoint = _loaded(place, path, then)
    if checkpoint is not None:
        text = _with_vocabulary(text, checkpoint)
    before = _job(place, then, text)
    state = None if checkpoint is None else checkpoint.state
    if state is not None:
        _check_ahead(place.path, before, changes, state)
    job = resumed(before, state, changes)
    job = replace(job, on_divergence=on_divergence or job.on_divergence)
    with text.corpus.discarded_in_vain():
        check_hosts(job, text)
        check_text(job, text)
        check_shards(job)
        check_memory(job, text.V, validated=text.held_out is not None, kept=True)
    job = replace(job, memory=memory(job, text.V, validated=text.held_out is not None, kept=True))
    run = Run(job, text, state=state, store=InFolder(place.path))
    ended = any(changes.get(end) is not None for end in ENDS)
    asked = {name: value for name, value in then.asked.items() if not (ended and name in ENDS)} | dict(changes)
    description = replace(then, job=job, asked=asked, texts=texts, identity=text.identity, earlier={})
    if state is not None and before.over(state.iteration, state.seconds, state.worse) and not run.over:
        description = replace(description, lengthened=(*then.lengthened, state.iteration))
    if checkpoint is not None and path is not None:
        _check_own(path, checkpoint, job, text, texts)
    session = Session(place, run, description)
    if checkpoint is not None and path is not None:
        session.take_up(path, checkpoint, chosen=chosen is not None)
    if not run.over:  # an end that the run has already passed must not replace its own
        session.write_config()
    return session


def _same_text(place: RunFolder, chosen: Path | None, files: Files | None, then: Description) -> tuple[Text, Texts]:
    """The run's text, from its own files or from ``files``. Raises ValueError if it is missing or has changed."""
    texts, since = then.texts, chosen or place.path
    if files is not None:
        texts = replace(texts, files=Texts.of(files).files)
    else:
        together(texts.check_files)(since)
    together(texts.check_held_out)(since)
    together(texts.check_there)(since)
    text = opened(texts, *((place.path, then.identity.get('sha256')) if files is None else ()))
    with text.corpus.discarded_in_vain():
        identity, since = text.identity, chosen or place.newest() or place.path / CONFIG
        together(check_text_identity)(dict(then.identity), identity, texts, since)
    return text, texts


def _loaded(place: RunFolder, path: Path | None, then: Description) -> Checkpoint | None:
    """The checkpoint to resume from; None for a run that stopped before its first one."""
    if path is not None:
        return led(_offering)(place, path)
    if place.begun:
        best = place.path / BEST
        there = led(best.exists)()
        advice = f'resume from the best one with --resume {quote(str(best))}' if there else AGAIN
        raise ValueError(f'{place.path}: its numbered checkpoints are missing; {advice}')
    if then.transferred:
        raise ValueError(f'{place.path}: stopped before its first checkpoint; {AGAIN}')
    return None


def _with_vocabulary(text: Text, checkpoint: Checkpoint) -> Text:
    """The text with the checkpoint's vocabulary, which is larger if the run started from another text's model."""
    chars = checkpoint.model.chars
    return replace(text, corpus=replace(text.corpus, chars=chars)) if chars.startswith(text.corpus.chars) else text


@together
def _job(place: RunFolder, then: Description, text: Text) -> Job:
    try:
        return then.job_on(text)
    except (TypeError, ValueError) as error:
        raise damaged(place.path, error) from error


def _check_ahead(folder: Path, job: Job, changes: Mapping[str, Any], state: Any) -> None:
    """Raise ValueError for an end that the run has already passed, if its own end is still ahead."""
    reached, asked = (state.iteration, state.seconds, state.worse), with_end(job, changes)
    if asked.over(*reached) and not job.over(*reached):
        raise behind(asked, *reached, folder)


def _check_own(path: Path, checkpoint: Checkpoint, job: Job, text: Text, texts: Texts) -> None:
    """Raise ValueError if a checkpoint is of another run."""
    check_text_identity(checkpoint.text, text.identity, texts, path)
    there = {**vars(Settings()), **checkpoint.config}
    there['engine'] = engine_now(there['engine'])
    changed = [name for name in SHAPE if there[name] != getattr(job, name)]
    if changed or checkpoint.model.chars != text.corpus.chars:
        raise ValueError(f'{path}: differs from config.json ({", ".join(changed) or "vocabulary"}); {OTHER_RUN}')


def _offering(place: RunFolder, path: Path) -> Checkpoint:
    """The checkpoint. If it is damaged, the error names the one before it."""
    try:
        return load_checkpoint(path)
    except ValueError as error:
        older = place.before(path)
        if older is None:
            raise
        raise ValueError(f'{error}; resume from the one before with --resume {quote(str(older))}') from error
