"""A single process, and the division of arrays among several."""

import numpy as np
import pytest

from fastrnn.parallel.group import parts
from fastrnn.parallel.processes import led, processes


def test_a_single_process_is_the_identity():
    alone = processes()
    assert (alone.size, alone.rank, alone.leads, alone.on_host) == (1, 0, True, 1)
    assert alone.agree(3) == alone.lead(lambda: 3) == alone.together(lambda: 3) == alone.by_host(lambda: 3) == 3
    assert alone.all(3) == [3] and led(pow)(2, 5) == 32
    whole, part = np.arange(5.0), np.zeros(5)
    alone.distribute(whole, part, [5])
    assert np.array_equal(alone.assemble(part, [5]), whole)
    with pytest.raises(ValueError, match='this one'):
        alone.together(lambda: int('this one'))


@pytest.mark.parametrize(('size', 'count', 'grain'), [(0, 3, 4), (5, 4, 4), (64, 3, 1), (10_000, 4, 4096), (3, 8, 1)])
def test_parts_are_multiples_of_the_grain_and_cover_everything(size, count, grain):
    cuts = parts(size, count, grain)
    assert cuts[0] == 0 and cuts[-1] == size and len(cuts) == count + 1
    assert (np.diff(cuts) >= 0).all()
    assert all(cut % grain == 0 for cut in cuts if cut < size)
    assert np.diff(cuts).max(initial=0) <= -(-size // grain // count) * grain + grain
