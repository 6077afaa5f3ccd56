"""What the package offers."""

import pytest

import fastrnn


def test_public_names():
    for name in fastrnn.__all__:
        assert getattr(fastrnn, name) is not None
    assert set(fastrnn.__all__) <= set(dir(fastrnn))
    with pytest.raises(AttributeError, match='no attribute'):
        fastrnn.nonsense  # noqa: B018


def test_names_of_earlier_versions_are_found():
    assert fastrnn.Progress is fastrnn.Record
    assert 'Progress' not in dir(fastrnn)
