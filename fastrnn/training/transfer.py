"""Old weights for a new text: its characters get the rows that they had, and new ones where they had none."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.corpus import Corpus
from ..model.init import GIST_SCALE
from ..model.model import Model
from ..model.params import Params


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
    old, H = model.params, model.params.H
    params = Params(replace(old.architecture, V=len(chars)), old.flat.dtype)
    rows = np.array([known.get(char, -1) for char in chars])
    there = rows >= 0
    params.Whh[...], params.bh[...] = old.Whh, old.bh
    params.WxhT[there] = old.WxhT[rows[there]]
    params.Why[there], params.by[there] = old.Why[rows[there]], old.by[rows[there]]
    params.WxhT[~there] = np.random.RandomState(seed).randn(int((~there).sum()), H) * GIST_SCALE
    params.by[~there] = old.by.min()
    new = ''.join(char for char in corpus.chars if char not in known)
    return Transfer(replace(corpus, chars=chars), params, new, unseen)


def check_hidden_size(chosen: int | None, model: Model) -> int:
    """The model's number of hidden units; raises ValueError where another is asked for."""
    H = model.params.H
    if chosen not in (None, H):
        raise ValueError(f'hidden_size is {chosen}, but the model has {H} hidden units, which stay: leave it out')
    return H
