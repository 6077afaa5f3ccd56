"""Dropped units: those that the oracle's plain integers name, in the right share, and no others."""

import cell_oracles
import numpy as np
import pytest

from fastrnn.kernels.batched.dropout import drop, limit_of, make_dropout


def dropped(p, seed, step, layer, t, B, H, first=0):
    """Rows (B, H) of ones, streams from number ``first`` on, after dropout."""
    rows = np.ones((B, H))
    drop(make_dropout(p, seed, np.float64), step, layer, t, first, 0, H, rows)
    return rows


@pytest.mark.parametrize('place', [(0, 0, 0, 0), (2**32 - 1, 3, 7, 49), (5, 2**40, 1, 0)])
def test_the_masks_of_the_oracle(place):
    rows = dropped(0.3, *place, 3, 50)
    expected = [cell_oracles.mask(*place, stream, 50, 0.3) for stream in range(3)]
    np.testing.assert_allclose(rows, expected, rtol=1e-15)


def test_streams_are_numbered_across_shards():
    """The second shard's masks differ from the first one's."""
    whole = dropped(0.3, 5, 7, 1, 2, 6, 40)
    np.testing.assert_array_equal(dropped(0.3, 5, 7, 1, 2, 3, 40, first=3), whole[3:])
    assert (whole[:3] != whole[3:]).any(axis=1).all()


def test_only_the_given_rows_and_units_change():
    rows = np.ones((4, 9))
    drop(make_dropout(0.5, 0, np.float64), 0, 0, 0, 1, 2, 7, rows[1:3])
    assert (rows[[0, 3]] == 1).all() and (rows[1:3, 7:] == 1).all() and (rows[1:3, :2] == 1).all()
    assert set(rows[1:3, 2:7].ravel()) == {0.0, 2.0}


def test_shares():
    """Shares of 200,000 units; masks of neighbouring steps, streams, layers and units are uncorrelated."""
    for p in (0.1, 0.5, 0.9):
        kept = dropped(p, 1, 2, 0, 3, 400, 500) > 0
        assert abs(kept.mean() - (1 - p)) < 0.005
        others = [
            dropped(p, *place, 400, 500) > 0 for place in ((2, 2, 0, 3), (1, 3, 0, 3), (1, 2, 1, 3), (1, 2, 0, 4))
        ]
        for other in (*others, np.roll(kept, 1, axis=0), np.roll(kept, 1, axis=1)):
            assert abs(np.corrcoef(kept.ravel(), other.ravel())[0, 1]) < 0.02


def test_limits():
    """Just below 1, some units may stay; just above 0, none is dropped."""
    assert (limit_of(0.0), limit_of(1e-9), limit_of(0.5), limit_of(1 - 1e-12)) == (0, 0, 2**23, 2**24 - 1)


def test_units_are_numbered_across_threads():
    """A thread with some of the units drops the same ones as a single thread."""
    whole, rows = dropped(0.3, 5, 7, 1, 2, 6, 40), np.ones((6, 40))
    for u0, u1 in ((0, 16), (16, 33), (33, 40)):
        drop(make_dropout(0.3, 5, np.float64), 7, 1, 2, 0, u0, u1, rows)
    np.testing.assert_array_equal(rows, whole)
