"""Kept runs: a new one, and one that goes on."""

import secrets
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from ..data.texts import Texts, check_identity, identity
from ..errors import in_a_line
from ..model.checkpoint import load_checkpoint
from ..model.model import Model
from ..model.places import BEST
from ..model.state import TrainState
from ..settings.checks import check_integer
from ..settings.config import MAX_SEED, Config
from ..settings.naming import Files, check_names
from ..settings.presets import make_config
from ..training.loop import Run
from ..training.schedule import Horizon, with_new_cycle, with_planned_schedule
from ..training.transfer import check_hidden_size, transfer_weights
from .folder import CONFIG, RunFolder
from .session import KEEP, POLICIES, Session

OPTIONS = (
    *('preset', 'validation', 'weights', 'keep', 'on_divergence'),
    *('encoding', 'errors', 'unit', 'min_count'),
)  # of start, beside Config's
AGAIN = 'start again in another folder'
ENDS = ('iterations', 'epochs', 'time')
CHANGES = (*ENDS, 'schedule', 'threads')  # of the configuration, that resume takes


def start(
    folder: str | Path,
    files: Files | Texts,
    config: Config | None = None,
    *,
    preset: str | None = None,
    validation: str | float | Path | None = None,
    weights: Model | None = None,
    keep: int = KEEP,
    on_divergence: str = 'rollback',
    encoding: str = 'utf-8',
    errors: str = 'strict',
    unit: str = 'character',
    min_count: int = 1,
    **options: Any,
) -> Session:
    """A new run on files, kept in ``folder``, which is made.

    Go through its records as through those of :func:`fastrnn.train`.

    Parameters
    ----------
    folder : path
        Must not hold a run.
    files : path, sequence of paths, or Texts
        The text; Texts also says how it is read.
    config : Config, optional
        Or its fields as keywords, as for :func:`fastrnn.train`. A seed is drawn if it has none.
    preset : {'reference', 'fast'}, optional
        See :func:`fastrnn.preset`.
    validation : share or path, optional
        Held-out text: the last share of the files (0.1 or '10%'), or a file.
    weights : Model, optional
        To start from; characters that it does not know get new rows.
    keep : int
        How many of the last checkpoints stay.
    on_divergence : {'rollback', 'stop'}
        Whether to go back to the last good checkpoint, at half the learning rate, or to raise Diverged.
    encoding, errors, unit, min_count
        How the files are read; see :func:`fastrnn.open_corpus`.

    Raises
    ------
    ValueError
        In one line, for what can't be used. OSError where the folder can't be written.
    """
    keep = _checked_policy(keep, on_divergence)
    if isinstance(files, Texts):
        texts = files
    else:
        rules: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}
        texts = Texts.of(files, validation=validation, **rules)
    if weights is not None:
        H = check_hidden_size(config.hidden_size if config else options.get('hidden_size'), weights)
        options |= {} if config else {'hidden_size': H}
    config = make_config(config, options, name=preset, also=OPTIONS)
    corpus, held_out = texts.open()
    if config.seed is None:
        config = replace(config, seed=secrets.randbelow(MAX_SEED))
    transfer = None if weights is None else transfer_weights(weights, corpus, config.seed)
    corpus = corpus if adopted is None else transfer.corpus
    run = Run(corpus, config, validation=held_out, weights=None if adopted is None else transfer.params)
    session = Session(RunFolder(folder, new=True), run, texts, keep, on_divergence, adopted)
    try:
        session.write_config()
        if adopted is not None:  # the old weights are in no other file of the run
            session.save_first()
    except BaseException:
        session.close()
        raise
    return session


def resume(
    folder: str | Path,
    files: Files | None = None,
    *,
    keep: int | None = None,
    on_divergence: str | None = None,
    **changes: Any,
) -> Session:
    """A run that goes on as if it had not stopped, from its last checkpoint.

    Parameters
    ----------
    folder : path
        Of the run; or one of its checkpoints, to go on from that one (newer ones are renamed).
    files : path or sequence of paths, optional
        The text, where it is no longer in its old place.
    keep, on_divergence, changes
        In place of what they were: ``threads``, or an end (``iterations``, ``epochs`` or ``time``, in place of all,
        and of the whole run: counted from its start). The learning rate keeps to the schedule that was planned, and
        stays at its last value where the run goes on after it; with ``schedule``, too, it begins a new cycle that ends
        with the run.

    Raises
    ------
    ValueError
        In one line: no such run, damage, another text than then.
    """
    check_names(changes, CHANGES)
    chosen = Path(folder)
    if chosen.is_file() and not (chosen.parent / CONFIG).is_file():
        raise ValueError(f'{folder}: not a checkpoint in a run folder; start a new run from its weights with --from')
    place = RunFolder(chosen.parent if chosen.is_file() else chosen)
    try:
        return _reopened(place, chosen if chosen.is_file() else None, files, keep, on_divergence, changes)
    except BaseException:
        place.close()
        raise


def _reopened(
    place: RunFolder,
    chosen: Path | None,
    files: Files | None,
    keep: int | None,
    on_divergence: str | None,
    changes: dict[str, Any],
) -> Session:
    facts, checkpoint = place.config(), chosen or place.newest()
    texts, config, kept, policy = _plan(place, facts)
    if files is not None:
        texts = replace(texts, files=Texts.of(files).files)
    else:
        texts.check_files(chosen or place.path)
    texts.check_held_out(chosen or place.path)
    texts.check_there(chosen or place.path)
    keep = kept if keep is None else keep
    on_divergence = policy if on_divergence is None else on_divergence
    keep = _checked_policy(keep, on_divergence)
    corpus, held_out = texts.open()
    try:
        check_identity(facts['identity'], identity(corpus, held_out), texts, checkpoint or place.path / CONFIG)
    except ValueError:
        corpus.discard()
        raise
    state = None
    if checkpoint is not None:
        offered = _offering(place, checkpoint)
        chars, state = offered.model.chars, offered.state
        if chars.startswith(corpus.chars):  # more of them where the run began with another text's weights
            corpus = replace(corpus, chars=chars)
    elif place.begun:
        best = place.path / BEST
        advice = f'go on from the best, with --resume {quote(str(best))}' if best.exists() else AGAIN
        raise ValueError(f'{place.path}: its numbered checkpoints are gone; {advice}')
    elif facts['adopted']:
        raise ValueError(f'{place.path}: ended before its first checkpoint; {AGAIN}')
    before, config = config, _changed(config, changes, state, corpus.ids.size)
    run = Run(corpus, config, validation=held_out)
    session = Session(place, run, texts, keep, on_divergence, lengthened=facts['lengthened'])
    if checkpoint is not None and state is not None:
        reached = state.iteration, state.seconds
        if Horizon(before, corpus.ids.size).over(*reached) and not run.horizon.over(*reached):
            session.lengthened.append(state.iteration)
        session.take_up(checkpoint, chosen=chosen is not None)
    if not run.over:  # an end that is behind it must not take the place of the run's own
        session.write_config()
    return session


def _changed(config: Config, changes: dict[str, Any], state: TrainState | None, characters: int) -> Config:
    """The configuration with another end, or a new cycle of the schedule from here to it."""
    if any(changes.get(end) is not None for end in ENDS):
        changes = {**dict.fromkeys(ENDS), **changes}
    changed = replace(config, **changes)
    reached = (0, 0.0) if state is None else (state.iteration, state.seconds)
    if changes.get('schedule') is not None:
        return with_new_cycle(config, changed, characters, *reached)
    if Horizon(changed, characters).over(*reached):  # the run is complete, and stays as it is
        return changed
    return with_planned_schedule(config, changed, characters, 0 if state is None else state.halvings)


def _plan(place: RunFolder, facts: dict[str, Any]) -> tuple[Texts, Config, int, str]:
    """What config.json says."""
    try:
        text = dict(facts['text'])
        texts = Texts(**{**text, 'files': tuple(map(str, text['files']))})
        if not isinstance(texts.validation, str | None) or not isinstance(facts['identity'], dict):
            raise TypeError('text or identity')
        facts.setdefault('adopted', False)
        facts['lengthened'] = [int(iteration) for iteration in facts.get('lengthened', [])]
        return texts, Config(**facts['config']), int(facts['keep']), str(facts['on_divergence'])
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{place.path / CONFIG}: damaged ({in_a_line(error)}); start a new run with --from') from error


def _offering(place: RunFolder, path: Path) -> Any:
    """The checkpoint; where it is damaged, the error offers the one before it."""
    try:
        return load_checkpoint(path)
    except ValueError as error:
        older = place.before(path)
        if older is None:
            raise
        raise ValueError(f'{error}; the one before is there: --resume {quote(str(older))}') from error


def _checked_policy(keep: int, on_divergence: str) -> int:
    if on_divergence not in POLICIES:
        raise ValueError(f'on_divergence is {on_divergence!r}; it must be one of {", ".join(POLICIES)}')
    return check_integer('keep', keep, 1)
