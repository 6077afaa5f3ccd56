"""Old weights for a new text: known characters keep their rows, new ones get new rows."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.corpus import Corpus
from ..kernels.batched.ngrams import NOTHING, point_all
from ..model.init import GIST_SCALE
from ..model.model import Model
from ..model.params import Params

LOOKED_AT = 500_000  # characters of the text whose contexts keep their rows of n-grams


@dataclass(frozen=True)
class Transfer:
    """The corpus with the joint vocabulary, weights for it, and the differences."""

    corpus: Corpus
    params: Params
    new: str  # characters that are not in the model
    unseen: str  # characters of the model that are not in the text


def transfer_weights(model: Model, corpus: Corpus, seed: int | None = None) -> Transfer:
    """Weights of ``model`` for ``corpus``. The corpus keeps its ids; characters that only the model has follow.

    A new character's column of Wxh is 0.01 randn, as in the gist. Its row of Why is 0 and its bias the minimum of all:
    it starts out unlikely, and other predictions stay the same. Raises ValueError if the units differ.
    """
    if model.unit != corpus.unit:
        raise ValueError(f'the model was trained on {model.unit}s: use --unit {model.unit}')
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
    if chars == model.chars:
        params.rows[...] = old.rows
    elif old.architecture.ngrams:
        _move_rows(old, params, rows, np.asarray(corpus.ids[:LOOKED_AT]))
    new = ''.join(char for char in corpus.chars if char not in known)
    return Transfer(replace(corpus, chars=chars), params, new, unseen)


def _move_rows(old: Params, new: Params, numbers: NDArray[np.int64], ids: NDArray[Any]) -> None:
    """Copy the rows of n-grams for the contexts of a text, whose characters have new ids.

    numbers: the old id of each new one, or -1. Rows of contexts that do not occur in ``ids`` start from 0.
    """
    K, R, there = old.architecture.ngrams - 1, old.architecture.ngram_rows, numbers >= 0
    before = np.full(K, NOTHING, np.uint32)
    old_ids = numbers[ids].astype(np.uint32)  # NOTHING for new characters; not used below
    now, then = np.zeros((2, ids.size, K), np.int64)
    point_all(np.concatenate([before, ids.astype(np.uint32)]), R, now)
    point_all(np.concatenate([before, old_ids]), R, then)
    known = there[ids]
    for order in range(K):
        whole = known.copy()  # True if the model knows all characters of the context
        for back in range(1, order + 2):
            whole[back:] &= known[:-back]
        pairs = np.unique(np.stack([now[whole, order], then[whole, order]], 1), axis=0)
        for first in range(0, len(pairs), 1 << 14):
            to, source = pairs[first : first + (1 << 14)].T
            new.rows[to[:, None], np.flatnonzero(there)] = old.rows[source[:, None], numbers[there]]
