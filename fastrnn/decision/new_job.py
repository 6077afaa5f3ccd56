"""The job of a new run, with its text and initial weights."""

import warnings
from dataclasses import replace

from ..errors import Diverged
from ..model.model import Model
from ..model.overflow import overflows
from ..parallel.processes import processes
from ..settings.config import Config
from ..settings.presets import filled
from .agreement import common_seed
from .changes import OF_MODEL
from .job import Job
from .likeness import unlike
from .resolve import resolve
from .text import Text
from .transfer import Transfer, transfer_weights


def new_job(
    config: Config, text: Text, weights: Model | None, *, kept: bool = False, on_divergence: str | None = None
) -> tuple[Job, Text, Transfer | None]:
    """The job, its text with the joint vocabulary if it starts from old weights, and the transferred weights.

    Warns if the held-out text is very unlike the training text.
    """
    transfer, seed = None, common_seed(config.seed)
    if weights is not None:
        dtype = filled(config.preset, config.asked)[0].dtype
        if overflows(weights.params, dtype):
            raise Diverged(f"the model's weights are not finite, or too large for {dtype}: start from another model")
        transfer = transfer_weights(weights, text.corpus, seed)
        text = replace(text, corpus=transfer.corpus)
    job = resolve(config, text, kept=kept, on_divergence=on_divergence, seed=seed)
    if weights is not None:
        job = replace(
            job,
            reasons={**job.reasons, **dict.fromkeys((*OF_MODEL, 'ngram_rows'), 'from the model that it starts from')},
        )
    if text.held_out is not None and processes().leads:
        newline = text.corpus.chars.find('\n')
        difference = unlike(text.corpus.ids, text.held_out, text.V, None if newline < 0 else newline)
        if difference is not None:
            warnings.warn(
                f'the held-out text is very unlike the training text ({difference}), so validations mean little: '
                "shuffle the text's lines or files, or hold out another text with --validation FILE",
                RuntimeWarning,
                stacklevel=3,
            )
    return job, text, transfer
