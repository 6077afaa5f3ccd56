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
    rows_lost: bool = False  # whether rows of n-grams start from 0, since characters have other numbers now


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
    same = chars == model.chars
    if same:  # else contexts have other numbers, and point to other rows
        params.rows[...] = old.rows
    new = ''.join(char for char in corpus.chars if char not in known)
    return Transfer(replace(corpus, chars=chars), params, new, unseen, not same and bool(old.rows.any()))
