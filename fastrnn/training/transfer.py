"""Old weights for a new text: its characters get the rows that they had, and new ones where they had none."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.corpus import Corpus
from ..model.init import GIST_SCALE
from ..model.model import Model
from ..model.params import Params
from ..settings.checks import as_choice
from ..settings.config import Config


@dataclass(frozen=True)
class Transfer:
    """The corpus with the joint vocabulary, weights for it, and what was new."""

    corpus: Corpus
    params: Params
    new: str  # characters that the model did not know
    unseen: str  # characters of the model that the text lacks


def transfer_weights(model: Model, corpus: Corpus, seed: int | None = None) -> Transfer:
    """Weights of ``model`` for ``corpus``. Its numbers stay; characters that only the model knows follow them.

    A new character's column of Wxh is 0.01 randn, as in the gist; its row of Why is 0 and its bias the lowest there
    is, so that it starts as unlikely and the rest is predicted as before. Raises ValueError where the units differ.
    """
    if model.unit != corpus.unit:
        raise ValueError(f'the model was trained on {model.unit}s: take --unit {model.unit}')
    known = {char: row for row, char in enumerate(model.chars)}
    unseen = ''.join(sorted(set(model.chars) - set(corpus.chars)))
    chars = corpus.chars + unseen
    old = model.params
    params = Params(replace(old.architecture, V=len(chars)), old.flat.dtype)
    rows = np.array([known.get(char, -1) for char in chars])
    there = rows >= 0
    for name, view in params.by_name.items():
        if name not in ('WxhT', 'Why', 'by'):
            view[...] = old.by_name[name]
    params.WxhT[there] = old.WxhT[rows[there]]
    params.Why[there], params.by[there] = old.Why[rows[there]], old.by[rows[there]]
    new_rows = int((~there).sum()), params.WxhT.shape[1]
    params.WxhT[~there] = np.random.RandomState(seed).randn(*new_rows) * GIST_SCALE
    params.by[~there] = old.by.min()
    new = ''.join(char for char in corpus.chars if char not in known)
    return Transfer(replace(corpus, chars=chars), params, new, unseen)


def options_from(model: Model | None, config: Config | None, options: dict[str, Any]) -> dict[str, Any]:
    """The options with an old model's architecture, if there is one. Raises ValueError where they ask for another."""
    if model is None:
        return options
    if isinstance(config, Config):  # which has it already, or leaves it open
        options_of(model, {name: value for name, value in vars(config).items() if name not in config.fit})
        return options
    return options_of(model, options)


def options_of(model: Model, options: dict[str, Any]) -> dict[str, Any]:
    """The options with the model's architecture; raises ValueError where they ask for another."""
    kept = _architecture_of(model)
    for name, there in kept.items():
        chosen = options.get(name)
        if chosen not in (None, there) and as_choice(chosen, [str(there)]) is None:
            raise ValueError(f'{name} is {chosen}, but the model has {name} {there}, which stays: leave it out')
    return options | kept


def with_architecture(model: Model, config: Config) -> Config:
    """The configuration with the model's architecture in place of what it leaves open of one."""
    kept = {name: value for name, value in _architecture_of(model).items() if name in config.fit}
    return replace(config, **kept, fit=tuple(name for name in config.fit if name not in kept))


def _architecture_of(model: Model) -> dict[str, Any]:
    architecture = model.params.architecture
    return {'cell': architecture.cell, 'layers': architecture.layers, 'hidden_size': architecture.H}
