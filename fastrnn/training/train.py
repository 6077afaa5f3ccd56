"""A run that is kept nowhere but in memory."""

import warnings
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..data.corpus import Corpus, open_corpus
from ..data.files import STDIN
from ..data.lacking import OF_HELD_OUT
from ..data.stored import Ids
from ..data.texts import Texts
from ..engines.shards import in_common
from ..errors import Diverged
from ..model.model import Model
from ..model.overflow import overflows
from ..parallel.launcher import OR_ALONE
from ..parallel.processes import processes
from ..settings.checks import as_number
from ..settings.config import Config
from ..settings.file_names import Files, text_or_files
from ..settings.parsing import parse_share
from ..settings.presets import make_config
from .likeness import unlike
from .loop import Run
from .transfer import Transfer, options_from, transfer_weights, with_architecture

OPTIONS = ('preset', 'validation', 'weights', 'encoding', 'errors', 'unit', 'min_count')  # beside Config's


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
    **options: Any,
) -> Run:
    """Train on a text; returns a run, which is an iterator over its records.

    ``for record in run`` trains and gives a :class:`Progress` at every report and sample, and about every 0.1 s; after
    an interrupt another loop goes on. ``run.model`` is the model as it is then, ``run.best_model`` the one with the
    lowest validation so far (without a validation, the same); ``run.save(path)`` writes that, and ``run.watch()``
    trains to the end with a progress bar and returns it. ``with`` and ``run.close()`` let go of threads.

    Parameters
    ----------
    text : str, Path, sequence of paths, or Corpus
        A str is the text itself; a Path or a sequence of them names files (gzip's too), '-' standard input.
    config : Config, optional
        Or its fields as keywords, for example ``hidden_size=200, seed=0, iterations=1000, time='60s'``.
    preset : {'reference', 'fast'}, optional
        See :func:`fastrnn.preset`. The default is min-char-rnn's.
    validation : float, str, Path, sequence of paths, or ndarray of character numbers, optional
        Held-out text: a share of the text (0.1 or '10%': the last tenth), or another text, as ``text`` is given.
        Evaluated every ``validate_every`` iterations, and at the end. By default that is about 20 times in a run; if
        the whole text would take too long, all but the last read the same ``validate_part`` characters of it.
    weights : Model, optional
        To start from; characters that it does not know get new rows.
    encoding, errors : str
        Of files; errors is 'strict' or 'replace'.
    unit : {'character', 'byte'}
        Bytes of a str are those of its UTF-8.
    min_count : int
        Characters that occur less often are folded into U+FFFD.

    Raises
    ------
    ValueError
        At the call, for a text or an option that can't be used.
    TypeError
        At the call, for an option that there is not.
    TextLost
        While running (an OSError too): an encoded text in the cache has gone or changed.
    Diverged
        While running (a ValueError too): the batched engine's loss has become inf or NaN; or, as in the gist, a sample
        can't be drawn because the exact engine's weights have become NaN.
    """
    reading: dict[str, Any] = {'encoding': encoding, 'errors': errors, 'unit': unit, 'min_count': min_count}

    def read() -> tuple[Corpus, Ids | None]:
        if isinstance(text, Corpus):
            corpus = text
        else:
            found = text_or_files(text)
            if isinstance(found, list) and STDIN in map(str, found):
                check_alone()
            corpus = Corpus.of(found, unit, min_count) if isinstance(found, str) else open_corpus(found, **reading)
        return _held_out(corpus, validation, encoding, errors)

    corpus, held_out = processes().by_host(read)
    config = make_config(config, options_from(weights, config, options), name=preset, also=OPTIONS)
    with nullcontext() if isinstance(text, Corpus) else corpus.discarded_in_vain():
        run = begin(corpus, config, held_out, weights)[0]
    if not isinstance(text, str | Corpus):
        run.text_name = Texts.of(text).name
    return run


def opened(texts: Texts, kept: Path | None = None, sha256: Any = None) -> tuple[Corpus, Ids | None]:
    """What files hold, and what is held out: read by every host, and encoded once there; see :meth:`Texts.open`."""
    if texts.piped and kept is None:
        check_alone()
    return processes().by_host(lambda: texts.open(kept, sha256))


def check_alone() -> None:
    """Raise ValueError where standard input is one of several processes'."""
    if processes().size > 1:
        cure = f'save the text in a file and name it, {OR_ALONE}'
        raise ValueError(f'of several processes only the first has standard input; {cure}')


def begin(
    corpus: Corpus, config: Config, held_out: Ids | None, weights: Model | None, *, kept: bool = False
) -> tuple[Run, Transfer | None]:
    """A run on a text, with an old model's weights or new ones; ``kept``: in a folder.

    Warns of a held-out text that is very unlike the training text.
    """
    config, transfer, params = in_common(config), None, None
    if weights is not None:
        if overflows(weights.params, config.dtype):
            too_large = f"the model's weights are not finite, or too large for {config.dtype}"
            raise Diverged(f'{too_large}: start from another model')
        transfer, config = transfer_weights(weights, corpus, config.seed), with_architecture(weights, config)
        corpus, params = transfer.corpus, transfer.params
    run = Run(corpus, config, validation=held_out, weights=params, kept=kept)
    if run.validation is not None and processes().leads:
        newline = corpus.chars.find('\n')
        difference = unlike(corpus.ids, run.validation, len(corpus.chars), None if newline < 0 else newline)
        if difference is not None:
            warnings.warn(
                f'the held-out text is very unlike the training text ({difference}), so validations say little: '
                "shuffle the text's lines or files, or hold out another text with --validation FILE",
                RuntimeWarning,
                stacklevel=3,
            )
    return run, transfer


def _held_out(corpus: Corpus, validation: Any, encoding: str, errors: str) -> tuple[Corpus, Ids | None]:
    """What is left to train on, and the held-out text's numbers."""
    number = as_number(validation)
    share = parse_share(validation if number is None else number) if number or isinstance(validation, str) else None
    if share is not None:
        kept, held_out = corpus.split(share)
        return replace(corpus, ids=kept), held_out
    names = validation[:1] if isinstance(validation, list | tuple) else [validation]
    if not any(isinstance(name, str | Path) for name in names):  # numbers, which Run checks
        return corpus, validation
    found = text_or_files(validation, 'validation')
    return corpus, corpus.vocabulary.encode(found, encoding=encoding, errors=errors, cure=OF_HELD_OUT)
