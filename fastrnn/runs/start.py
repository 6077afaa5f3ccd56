"""Starts a new run kept in a folder."""

from pathlib import Path
from typing import Any

from ..data.texts import Texts
from ..decision.changes import from_model
from ..decision.new_job import new_job
from ..decision.text import opened
from ..model.model import Model
from ..settings.config import Config, make_config
from ..settings.file_names import Files
from ..settings.options import KEPT, KEYWORDS, OPTIONS, check
from ..training.run import Run
from .best import InFolder
from .config_file import Description
from .folder import RunFolder
from .session import Session


def start(
    folder: str | Path,
    files: Files | Texts,
    config: Config | None = None,
    *,
    preset: str | None = None,
    validation: str | float | Path | None = None,
    weights: Model | None = None,
    keep: int = OPTIONS['keep'].default,
    on_divergence: str = 'rollback',
    encoding: str = 'utf-8',
    errors: str = 'strict',
    unit: str = 'character',
    min_count: int = 1,
    skip_unknown: bool = False,
    **options: Any,
) -> Session:
    """Start a new run that is kept in ``folder``.

    Iterate over the session for its records, as with ``fastrnn.train``.

    Parameters
    ----------
    folder : path
        Created if missing; must not have a run.
    files : path, sequence of paths, or fastrnn.data.texts.Texts
        The text. A str is a file name; '-' is standard input. A Texts also sets how the files are read.
    config : Config, optional
        Or pass its fields as keywords, as for ``fastrnn.train``. Without a seed, one is drawn.
    preset : {'reference', 'fast'}, optional
        See ``fastrnn.preset``.
    validation : share or path, optional
        Held-out text: the last share of the text (0.1 or '10%'), or a file.
    weights : Model, optional
        Start from this model's weights; characters that it does not know get new weights.
    keep : int
        Number of newest checkpoints to keep.
    on_divergence : {'rollback', 'stop'}
        Roll back to the last good checkpoint at half the learning rate, or raise Diverged.
    encoding, errors, unit : str
        How the files are read; see ``fastrnn.open_corpus``.
    min_count : int
        Fold characters that occur less often into one; see ``fastrnn.open_corpus``.
    skip_unknown : bool
        Skip characters of the held-out file that the text does not have.
    **options
        Options of ``fastrnn.train``, by name.

    Returns
    -------
    Session
        Iterate over it for the records.

    Raises
    ------
    ValueError
        In one line, for bad input. TypeError for an unknown option, OSError if the folder can't be written.
    """
    keep, on_divergence = check('keep', keep), check('on_divergence', on_divergence)
    if isinstance(files, Texts):
        texts = files
    else:
        reading: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}
        texts = Texts.of(files, validation=validation, skip_unknown=skip_unknown, **reading)
    asked = make_config(config, options, name=preset, also=(*KEYWORDS, *KEPT))
    config = from_model(asked, weights)
    text = opened(texts)
    with text.corpus.discarded_in_vain():
        job, text, transfer = new_job(config, text, weights, kept=True, on_divergence=on_divergence)
    place, session = RunFolder(folder, new=True), None
    try:
        run = Run(job, text, transfer=transfer, store=InFolder(place.path))
        wanted = {'preset': asked.preset, **asked.asked}
        description = Description(job, wanted, texts, text.identity, keep, transferred=transfer is not None)
        session = Session(place, run, description)
        session.write_config()
        if transfer is not None:  # no other file of the run has the initial weights
            session.save_first()
    except BaseException:
        (session or place).close()
        raise
    return session
