"""A kept run that goes on."""

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from ..data.texts import Texts, check_text_identity, text_identity
from ..model.checkpoint import Checkpoint, load_checkpoint
from ..model.run_files import BEST
from ..model.state import TrainState
from ..parallel.processes import led, processes
from ..settings.config import Config
from ..settings.file_names import Files, check_names
from ..training.loop import Run
from ..training.patience import ended_early
from ..training.schedule import Horizon, with_new_cycle, with_planned_schedule
from ..training.train import opened
from .config_file import CONFIG, Description
from .ends import behind
from .folder import RunFolder
from .session import Session, check_policy

AGAIN = 'start again in another folder'
ENDS = ('iterations', 'epochs', 'time')
WITHOUT = ('threads', 'patience')  # which None changes too: as many as pay, and never
CHANGES = (*ENDS, 'schedule', *WITHOUT)  # of the configuration, that resume takes


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
        In place of what they were: ``threads``, ``patience``, or an end (``iterations``, ``epochs`` or ``time``, in
        place of all, and of the whole run: counted from its start). The learning rate keeps to the schedule that was
        planned, and stays at its last value where the run goes on after it; with ``schedule``, too, it begins a new
        cycle that ends with the run.

    Raises
    ------
    ValueError
        In one line: no such run, damage, another text than then. TypeError for a change that there is not.
    """
    check_names(changes, CHANGES)
    changes = {name: value for name, value in changes.items() if value is not None or name in WITHOUT}
    chosen = Path(folder)
    is_file = led(chosen.is_file)()
    if is_file and not led((chosen.parent / CONFIG).is_file)():
        raise ValueError(f'{folder}: not a checkpoint in a run folder; start a new run from its weights with --from')
    place = RunFolder(chosen.parent if is_file else chosen)
    try:
        return _reopened(place, chosen if is_file else None, files, keep, on_divergence, changes)
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
    then, checkpoint = led(Description.read)(place.path), chosen or place.newest()
    texts = then.texts
    if files is not None:
        texts = replace(texts, files=Texts.of(files).files)
    else:
        processes().together(lambda: texts.check_files(chosen or place.path))
    processes().together(lambda: texts.check_held_out(chosen or place.path))
    processes().together(lambda: texts.check_there(chosen or place.path))
    keep = then.keep if keep is None else keep
    on_divergence = then.on_divergence if on_divergence is None else on_divergence
    keep, on_divergence = check_policy(keep, on_divergence)
    corpus, held_out = opened(texts, *((place.path, then.identity.get('sha256')) if files is None else ()))
    with corpus.discarded_in_vain():
        identity, since = text_identity(corpus, held_out), checkpoint or place.path / CONFIG
        processes().together(lambda: check_text_identity(then.identity, identity, texts, since))
    loaded = state = None
    if checkpoint is not None:
        loaded = led(_offering)(place, checkpoint)
        chars, state = loaded.model.chars, loaded.state
        if chars.startswith(corpus.chars):  # more of them where the run began with another text's weights
            corpus = replace(corpus, chars=chars)
    elif place.begun:
        best = place.path / BEST
        there = led(best.exists)()
        advice = f'go on from the best, with --resume {quote(str(best))}' if there else AGAIN
        raise ValueError(f'{place.path}: its numbered checkpoints are gone; {advice}')
    elif then.transferred:
        raise ValueError(f'{place.path}: ended before its first checkpoint; {AGAIN}')
    if state is not None:
        _check_ahead(place.path, _with_shards(then.config), changes, state, corpus.ids.size)
    config = _changed(_with_shards(then.config), changes, state, corpus.ids.size)
    with corpus.discarded_in_vain():
        run = Run(corpus, config, validation=held_out, kept=True)
    run.text_name = texts.name
    session = Session(place, run, texts, keep, on_divergence, lengthened=then.lengthened)
    if checkpoint is not None and loaded is not None:
        state = loaded.state
        reached = state.iteration, state.seconds
        was_over = Horizon(then.config, corpus.ids.size).over(*reached) or ended_early(then.config, state.worse)
        if was_over and not run.plan.over(*reached, state.worse):
            session.lengthened.append(state.iteration)
        session.take_up(checkpoint, loaded, chosen=chosen is not None)
    if not run.over:  # an end that is behind it must not take the place of the run's own
        session.write_config()
    return session


def _with_shards(config: Config) -> Config:
    """Earlier versions had one."""
    return replace(config, shards=config.shards or 1) if 'shards' in config.abilities.options else config


def _with_end(config: Config, changes: dict[str, Any]) -> Config:
    """The configuration as it is asked for: one end replaces all."""
    if any(changes.get(end) is not None for end in ENDS):
        changes = {**dict.fromkeys(ENDS), **changes}
    return replace(config, **changes)


def _check_ahead(folder: Path, config: Config, changes: dict[str, Any], state: TrainState, characters: int) -> None:
    """Raise ValueError for an end that is behind the run, if its own is still ahead."""

    def over(config: Config) -> bool:
        return Horizon(config, characters).over(*at) or ended_early(config, state.worse)

    at, asked = (state.iteration, state.seconds), _with_end(config, changes)
    if over(asked) and not over(config):
        raise behind(asked, Horizon(asked, characters), *at, state.worse, folder)


def _changed(config: Config, changes: dict[str, Any], state: TrainState | None, characters: int) -> Config:
    """The configuration with another end, or a new cycle of the schedule from here to it."""
    changed = _with_end(config, changes)
    reached = (0, 0.0) if state is None else (state.iteration, state.seconds)
    if changes.get('schedule') is not None:
        return with_new_cycle(config, changed, characters, *reached)
    lost = state is not None and ended_early(changed, state.worse)
    if lost or Horizon(changed, characters).over(*reached):  # the run is complete, and stays as it is
        return changed
    return with_planned_schedule(config, changed, characters, 0 if state is None else state.halvings)


def _offering(place: RunFolder, path: Path) -> Checkpoint:
    """The checkpoint; where it is damaged, the error offers the one before it."""
    try:
        return load_checkpoint(path)
    except ValueError as error:
        older = place.before(path)
        if older is None:
            raise
        raise ValueError(f'{error}; the one before is there: --resume {quote(str(older))}') from error
