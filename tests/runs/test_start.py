"""The arguments of ``fastrnn.start``."""

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn

TEXT = SONNETS.read_text(encoding='utf-8')


def test_start_distinguishes_a_text_from_a_path(tmp_path):
    """The error does not quote the text."""
    with pytest.raises(ValueError) as caught:
        fastrnn.start(tmp_path / 'run', TEXT)
    assert str(caught.value) == f'the text is a text of {len(TEXT):,} characters; save it in a file and pass its name'
    with pytest.raises(ValueError, match=r'^validation is a text of '):
        fastrnn.start(tmp_path / 'run', SONNETS, validation=TEXT)
    with pytest.raises(ValueError, match=r'^validation is a ndarray; a run in a folder needs a share or a file'):
        fastrnn.start(tmp_path / 'run', SONNETS, validation=np.zeros(3, np.uint8))
    assert not (tmp_path / 'run').exists()
