"""Colours with enough contrast, also for colour-blind people."""

from itertools import pairwise

import oracles
import pytest

from fastrnn.pages import player_colours as colours


@pytest.mark.parametrize('scheme', colours.ENDS)
def test_colours_can_be_read(scheme):
    """Contrast of text is at least 4.5 (WCAG); activation colours get further from the middle with each step."""
    pairs = {'light': colours.SHADES, 'dark': colours.DARK_SHADES}[scheme]
    shades = [ground for ground, _ in pairs]
    assert all(oracles.contrast(ground, ink) >= 4.5 for ground, ink in pairs)
    units = colours.unit_colours(scheme)
    assert len(units) == colours.STEPS + 1 and len(shades) == 9
    for ground in [*shades, *units]:
        assert oracles.contrast(ground, colours.ink(ground)) >= 4.5, ground
    levels = [oracles.luminance(ground) for ground in shades]
    assert all((high > low) == (scheme == 'dark') for low, high in pairwise(levels))
