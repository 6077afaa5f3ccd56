"""A model that continues what it is given, turn after turn, in one state."""

from collections.abc import Iterator

import numpy as np

from ..data.lacking import Lacking
from ..engines.batched_streams import make_tuner
from ..model.model import Model
from ..settings.checks import check_integer
from ..system.interrupts import held
from .generate import FLOPS_PER_DRAWING_THREAD, make_stream, read
from .prompt import Decoder, encode_known, encode_prompt
from .rules import make_choice, seeded
from .until import check_until


class Dialogue:
    """One stream that reads and writes in turn. The first turn is what ``fastrnn.sample`` makes of the same text.

    A turn ends before ``until``; the model itself has read that string, and what is given next follows it.
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

    def read(self, text: str) -> Lacking:
        """Read a text; returns what was left out of it.

        Raises ValueError for characters that the model does not know and that are not skipped; then nothing is read.
        """
        ids, lacking = encode_known(text, self._model, self._skip_unknown)
        if self._begun:
            ids = np.append(np.uint32(self._stream.ix), ids)
        elif not ids.size:
            ids = encode_prompt('', self._model)
        for _ in read(self._stream, ids):
            self._begun = True
        return lacking

    def write(self) -> Iterator[str]:
        """The next turn, character by character, so that the state is where the text is."""
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
        """What the model has written of a turn that an interrupt has ended, and that was not given yet."""
        return self._unseen + self._decode(np.zeros(0, np.uint32), final=True)

    def close(self) -> None:
        """Release the threads."""
        self._tuner.close()
