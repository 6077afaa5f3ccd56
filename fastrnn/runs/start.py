"""A new run that is kept in a folder."""

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data.texts import Texts
from ..model.model import Model
from ..parallel.processes import processes
from ..settings.config import MAX_SEED, Config
from ..settings.file_names import Files
from ..settings.presets import make_config
from ..training.train import begin, opened
from ..training.transfer import options_from
from .folder import RunFolder
from .session import KEEP, Session, check_policy

OPTIONS = (
    *('preset', 'validation', 'weights', 'keep', 'on_divergence'),
    *('encoding', 'errors', 'unit', 'min_count'),
)  # of start, beside Config's


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
    files : path, sequence of paths, or fastrnn.data.texts.Texts
        The text, a str being a name too, '-' standard input; Texts also says how it is read.
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
        In one line, for what can't be used. TypeError for an option that there is not, OSError where the folder can't
        be written.
    """
    keep, on_divergence = check_policy(keep, on_divergence)
    if isinstance(files, Texts):
        texts = files
    else:
        reading: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}
        texts = Texts.of(files, validation=validation, **reading)
    config = make_config(config, options_from(weights, config, options), name=preset, also=OPTIONS)
    corpus, held_out = opened(texts)
    if config.seed is None:
        config = replace(config, seed=processes().agree(secrets.randbelow(MAX_SEED)))
    with corpus.discarded_in_vain():
        run, transfer = begin(corpus, config, held_out, weights, kept=True)
    run.text_name = texts.name
    session = Session(RunFolder(folder, new=True), run, texts, keep, on_divergence, transfer)
    try:
        session.write_config()
        if transfer is not None:  # the old weights are in no other file of the run
            session.save_first()
    except BaseException:
        session.close()
        raise
    return session
