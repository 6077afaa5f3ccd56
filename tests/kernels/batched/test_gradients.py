"""Which thread computes which rows of a gradient; test_train.py tests the gradients themselves."""

import pytest

from fastrnn.kernels.batched import gradients
from fastrnn.kernels.team import alone


@pytest.mark.parametrize('rows', [6, 8])
@pytest.mark.parametrize('layout', [(1, 1), (1, 3), (3, 1), (2, 2), (4, 16)], ids=str)
def test_each_row_of_a_gate_has_one_thread(monkeypatch, layout, rows):
    """For any tile: one of six rows may start in the padding of a gate and end in the next gate."""
    monkeypatch.setattr(gradients, 'TILE_ROWS', rows)
    (groups, shares), Hp = layout, 64
    teams = [alone()._replace(rank=rank, size=groups * shares, shares=shares) for rank in range(groups * shares)]
    for H in range(Hp - 31, Hp + 1):
        product, tiles = gradients.Product(None, 4, H, Hp, None, 0, 0), []
        for gate in range(4):
            for team in teams:
                tiles += range(*gradients.tiles_of.py_func(team, product, gate))
        assert len(tiles) == len(set(tiles))
        computed = {tile * rows + row for tile in tiles for row in range(rows)}
        assert computed >= {gate * Hp + unit for gate in range(4) for unit in range(H)}
