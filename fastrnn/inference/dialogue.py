"""A model that continues texts turn by turn, keeping its state."""

from collections.abc import Iterator

import numpy as np

from ..data.lacking import SKIP, Lacking
from ..engines.batched_streams import make_tuner
from ..model.model import Model
from ..settings.checks import check_integer
from ..system.interrupts import held
from .generate import FLOPS_PER_DRAWING_THREAD, make_stream, read
from .prompt import Decoder, encode_known, encode_prompt
from .rules import make_choice, seeded
from .until import check_until

OF_TURN = f'remove them from the line, or {SKIP}'


class Dialogue:
    """One stream that reads and writes alternately. The first turn is the same as ``fastrnn.sample`` of that text.

    A turn ends before ``until``, but the model has read that string: the next text follows it.
    """

    def __init__(
        self,
        model: Model,
        length: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        until: str | None = None,
        skip_unknown: bool = False,
    ) -> None:
        """The parameters are those of ``fastrnn.sample``; ``length`` is that of a turn."""
        self._choice, self._rng = make_choice(model, temperature, top_k, top_p), seeded(seed)
        self._length = check_integer('length', length, 0)
        check_until(until, model)
        self._model, self._until, self._skip_unknown = model, until, skip_unknown
        self._tuner = make_tuner(model.params, 1, None, FLOPS_PER_DRAWING_THREAD)
        self._stream = make_stream(model, self._tuner)
        self._stream.draw(self._rng, 0, self._choice)  # compiles, or loads
        self._begun = False
        self._decode, self._unseen = Decoder(model, until), ''

    def read(self, text: str, cure: str = OF_TURN) -> Lacking:
        """Read a text; returns what was left out of it. ``cure``: what an error says to do.

        Raises ValueError for unknown characters that are not skipped; nothing is read then. An interrupt stops between
        two pieces of the text: the pieces before it stay read.
        """
        ids, lacking = encode_known(text, self._model, self._skip_unknown, cure)
        if self._begun:
            ids = np.append(np.uint32(self._stream.ix), ids)
        elif not ids.size:
            ids = encode_prompt('', self._model)
        pieces, more = read(self._stream, ids), True
        while more:
            with held():
                more = next(pieces, pieces) is not pieces
                self._begun = True
        return lacking

    def write(self) -> Iterator[str]:
        """Yield the next turn character by character, so that the state matches the text."""
        self._decode, self._unseen = Decoder(self._model, self._until), ''
        for number in range(1, self._length + 1):
            with held():
                drawn = self._stream.draw(self._rng, 1, self._choice).ravel()
                self._unseen += self._decode(drawn, final=number == self._length)
            piece, self._unseen = self._unseen, ''
            yield piece
            if self._decode.over:
                return

    def rest(self) -> str:
        """Text of an interrupted turn that was generated but not yet yielded."""
        unseen, self._unseen = self._unseen, ''
        return unseen + self._decode(np.zeros(0, np.uint32), final=True)

    def close(self) -> None:
        """Release the threads."""
        self._tuner.close()
