"""``fastrnn train``: trains a model on a text."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..settings.options import KEPT, OPTIONS, TABLE
from .command import command
from .options import texts_of
from .reports import Reports

if TYPE_CHECKING:
    from ..data.texts import Texts
    from ..runs.session import Session

EXAMPLE = 'Example: fastrnn train data/sonnets.txt --seed 0 --iterations 2000 --out RUN'


@command(*OPTIONS.values(), grouped=True, synonyms='fit learn run resume continue', epilog=EXAMPLE)
def train(given: dict[str, Any]) -> None:
    """Train a model on FILES, or resume a run.

    By default it trains and prints exactly as min-char-rnn does. --preset fast trains the best model that the time
    allows, with the batched engine.

    Brackets show the default, the value that --preset fast uses, and the engines that take the option.

    Under mpiexec or srun, all processes train one model; with FASTRNN_ALONE=1, each process trains its own.
    """
    from ..parallel.processes import led, processes
    from ..system.atomic import check_place
    from .flow import train_in_memory, train_kept

    processes()  # raises ValueError if the processes can't connect
    leads, save = processes().leads, given.get('save')
    reports = Reports('quiet' in given or not leads, 'as_json' in given and leads)
    if save is not None:
        led(check_place)(save)
    if 'files' in given:
        recursive = given.pop('recursive', False)
        given['files'] = texts_of(list(given['files']), recursive, reports.note)
    if 'resume' in given:
        with _resumed(given) as session:
            train_kept(session, reports, save)
        return
    if 'files' not in given:
        raise ValueError('no text: name a text file, or resume a run with --resume FOLDER')
    if 'patience' in given and 'validation' not in given:
        raise ValueError('--patience counts validations, but no text is held out: add --validation 10%')
    model = _loaded(given.get('weights'))
    config, texts = _config(given), _texts(given)
    if 'out' in given:
        from ..runs.start import start

        kept = {name: given[name] for name in KEPT if name in given}
        with reports.beginning():
            session = start(given['out'], texts, config, weights=model, **kept)
        with session:
            train_kept(session, reports, save)
        return
    for name in given:
        if OPTIONS[name].kept:
            raise ValueError(f'{OPTIONS[name].flag} needs a run folder: add --out FOLDER')
    train_in_memory(texts, config, model, reports, save)


def _config(given: dict[str, Any]) -> Any:
    from ..settings.config import Config

    return Config(**{name: given[name] for name in ('preset', *TABLE) if name in given})


def _texts(given: dict[str, Any]) -> 'Texts':
    from dataclasses import fields

    from ..data.texts import Texts

    return Texts.of(**{field.name: given[field.name] for field in fields(Texts) if field.name in given})


def _loaded(weights: Path | None) -> Any:
    if weights is None:
        return None
    from ..model.checkpoint import load_model
    from ..parallel.processes import led

    return led(load_model)(weights)


def _resumed(given: dict[str, Any]) -> 'Session':
    """The session of --resume. Raises ValueError for options that can't change."""
    from ..runs.resume import resume

    for name in given:
        if not OPTIONS[name].resume:
            raise ValueError(
                f"{OPTIONS[name].flag} can't be changed when a run is resumed; "
                'start a new run from its weights with --from'
            )
    changes = {name: value for name, value in given.items() if not OPTIONS[name].typed}
    return resume(given['resume'], given.get('files'), **changes)
