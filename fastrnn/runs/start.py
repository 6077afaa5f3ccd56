"""A new run that is kept in a folder."""

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
    skip_unknown : bool
        Leave characters out of the held-out file that the text does not have.

    Raises
    ------
    ValueError
        In one line, for what can't be used. TypeError for an option that there is not, OSError where the folder can't
        be written.
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
        if transfer is not None:  # the old weights are in no other file of the run
            session.save_first()
    except BaseException:
        (session or place).close()
        raise
    return session
