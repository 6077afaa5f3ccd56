"""Training in memory, without a run folder."""

from contextlib import nullcontext
from typing import Any

from numpy.typing import NDArray

from ..data.corpus import Corpus, open_corpus
from ..data.files import STDIN
from ..data.texts import Texts
from ..decision.changes import from_model
from ..decision.new_job import new_job
from ..decision.text import Text, check_alone, with_validation
from ..model.model import Model
from ..parallel.processes import processes
from ..settings.config import Config, make_config
from ..settings.file_names import Files, text_or_files
from ..settings.options import KEYWORDS
from .run import Run


def train(
    text: Files | Corpus,
    config: Config | None = None,
    *,
    preset: str | None = None,
    validation: float | Files | NDArray[Any] | None = None,
    weights: Model | None = None,
    encoding: str = 'utf-8',
    errors: str = 'strict',
    unit: str = 'character',
    min_count: int = 1,
    skip_unknown: bool = False,
    **options: Any,
) -> Run:
    """Train on a text; returns a run, which is an iterator over its records.

    ``for record in run`` trains and gives a ``Record`` at every report and sample, and about every 0.1 s. After
    an interrupt another loop continues. ``run.model`` is the current model, ``run.best_model`` the one with the lowest
    validation so far (without validation, the current one). ``run.save(path)`` writes the best model. ``run.watch()``
    trains to the end with a progress bar and returns it. ``with`` and ``run.close()`` release threads.

    Parameters
    ----------
    text : str, Path, sequence of paths, or Corpus
        A str is the text itself; a Path or a sequence of them names files (gzip too), '-' is standard input.
    config : Config, optional
        Or its fields as keywords, for example ``hidden_size=200, seed=0, iterations=1000, time='60s'``.
    preset : {'reference', 'fast'}, optional
        See ``fastrnn.preset``. The default is min-char-rnn's.
    validation : float, str, Path, sequence of paths, or ndarray of ids, optional
        Held-out text: a share of the text (0.1 or '10%': the last tenth), or another text, given like ``text``. It is
        evaluated every ``validate_every`` iterations and at the end, by default about 20 times in a run. If the
        whole text takes too long, all but the last evaluation read the same ``validate_part`` characters of it.
    weights : Model, optional
        To start from; new characters get new rows.
    encoding, errors : str
        Of files; errors is 'strict' or 'replace'.
    unit : {'character', 'byte'}
        The bytes of a str are those of its UTF-8.
    min_count : int
        Characters that occur less often are folded into U+FFFD.
    skip_unknown : bool
        Leave characters out of another held-out text that ``text`` does not have, as if they were not in it:
        ``print(run.text.skipped)`` shows them. Without it such a held-out text is refused.

    Raises
    ------
    ValueError
        At the call, for an unusable text or option.
    TypeError
        At the call, for an unknown option.
    TextLost
        While running (also an OSError): the cached text is missing or has changed.
    Diverged
        While running (also a ValueError): the batched engine's loss is inf or NaN; or the exact engine's weights are
        NaN and no sample can be drawn, as in the gist.
    """
    reading: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}

    def read() -> Text:
        if isinstance(text, Corpus):
            return with_validation(text, validation, encoding, errors, None, skip_unknown)
        found = text_or_files(text)
        if isinstance(found, list) and STDIN in map(str, found):
            check_alone()
        corpus = Corpus.of(found, unit, min_count) if isinstance(found, str) else open_corpus(found, **reading)
        name = None if isinstance(text, str) else Texts.of(text).name
        return with_validation(corpus, validation, encoding, errors, name, skip_unknown)

    there = processes().by_host(read)
    config = from_model(make_config(config, options, name=preset, also=KEYWORDS), weights)
    with nullcontext() if isinstance(text, Corpus) else there.corpus.discarded_in_vain():
        job, there, transfer = new_job(config, there, weights)
    return Run(job, there, transfer=transfer)
