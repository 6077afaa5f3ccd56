"""The windows that streams read: each place once per pass, in the text's order or in shuffled blocks."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.data import passes
from fastrnn.data.passes import Order, Passes
from fastrnn.kernels.batched import ngrams
from fastrnn.settings.options import Settings
from fastrnn.settings.passes import pass_over


class Plain:
    """Ids 0, 1, 2, ... like a text in a file."""

    def __init__(self, n):
        self.size, self.dtype = n, np.dtype(np.uint32)

    def __getitem__(self, key):
        return np.arange(self.size, dtype=np.uint32)[key]


def asked(T, B, shuffle=0):
    return Settings(engine='batched', seq_length=T, streams=B, shuffle=shuffle, iterations=1)


def read_all(ids, settings, iterations, at_once=1, first=0, count=None):
    """Windows and resets of ``iterations`` iterations, read ``at_once`` at a time."""
    reader, position, steps, found = Passes(ids, settings, 7, first, count), 0, 0, []
    while steps < iterations:
        n = min(at_once, iterations - steps)
        found.append(reader.read(position, steps, n))
        position, steps = reader.after(position, n), steps + n
    return (np.concatenate(part) for part in zip(*found, strict=True))


@given(
    st.data(),
    st.integers(1, 4),
    st.integers(1, 5),
    st.sampled_from([1, 30, 1000]),
    st.sampled_from([np.asarray, Plain]),
)
def test_unshuffled_streams_read_their_parts_like_the_gist(monkeypatch, data, T, B, ahead, kind):
    monkeypatch.setattr(passes, 'AHEAD', ahead)
    n, iterations = data.draw(st.integers((T + 2) * B, (T + 2) * B + 60)), data.draw(st.integers(1, 60))
    ids = np.arange(n, dtype=np.uint32)
    read, afresh = read_all(
        ids if kind is np.asarray else Plain(n), asked(T, B), iterations, data.draw(st.integers(1, 30))
    )
    length, wraps = n // B, pass_over(n, asked(T, B)).windows
    for b in range(B):
        expected, _ = oracles.windows(ids[b * length : (b + 1) * length], T, 0, iterations)
        assert read[:, b].tolist() == expected
    assert afresh.tolist() == [[k % wraps == 0] * B for k in range(iterations)]


@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.integers(1, 40), st.integers(0, 9))
def test_shuffled_blocks_are_read_once_in_a_pass(data, T, B, shuffle, number):
    n = data.draw(st.integers((T + 2) * B, 400))
    settings = asked(T, B, shuffle)
    block, rounds, stride = over = pass_over(n, settings)
    assert stride == block * T and block <= -(-shuffle // T)
    order = Order(n, settings, 7)
    starts, afresh = order.places(number, np.arange(over.windows), 0, B)
    covered = (starts[:, :, None] + np.arange(T)).ravel()
    assert len(set(covered.tolist())) == covered.size == rounds * stride * B
    assert covered.min() >= 0 and covered.max() + 1 < n
    assert covered.size > n - 1 - B * stride - stride  # all but a remainder
    follows = starts[1:] == starts[:-1] + T
    assert (afresh[1:] | follows).all()  # without a reset, a stream continues in the text
    assert afresh[0].all() and afresh.sum() <= (rounds + 1) * B


def test_passes_differ_and_depend_only_on_the_seed():
    starts = [
        Order(4000, asked(4, 2, 32), seed).places(number, np.arange(9), 0, 2)[0]
        for seed, number in ((1, 0), (1, 1), (2, 0), (1, 0))
    ]
    assert (starts[0] == starts[3]).all()
    assert (starts[0] != starts[1]).any() and (starts[0] != starts[2]).any()


def test_streams_change_blocks_at_different_times():
    _, afresh = Order(4000, asked(4, 4, 32), 7).places(0, np.arange(1, 30), 0, 4)
    assert afresh.any(0).all() and afresh.sum(1).max() == 1


@pytest.mark.parametrize('kind', [np.asarray, Plain])
@pytest.mark.parametrize('ahead', [1, 50, 10**6])
def test_some_streams_read_the_same_as_among_all(monkeypatch, kind, ahead):
    """Processes share streams this way. Blocks of iterations may end anywhere, also at the end of a pass."""
    monkeypatch.setattr(passes, 'AHEAD', ahead)
    ids, settings = np.arange(1000, dtype=np.uint32), asked(5, 6, 20)
    whole, afresh = read_all(ids, settings, 100)
    some, fresh = read_all(ids if kind is np.asarray else Plain(1000), settings, 100, 7, first=2, count=3)
    assert (some == whole[:, 2:5]).all() and (fresh == afresh[:, 2:5]).all()


@pytest.mark.parametrize('shuffle', [0, 20])
def test_the_next_character_of_the_first_stream(shuffle):
    ids = np.arange(1000, dtype=np.uint32)
    reader, position = Passes(ids, asked(5, 6, shuffle), 7), 0
    assert reader.last(0, 0) == 0
    for steps in range(80):
        read, _ = reader.read(position, steps, 1)
        position = reader.after(position, 1)
        assert reader.last(position, steps + 1) == read[0, 0, -1]


def test_the_number_for_no_character_is_defined_twice():
    assert passes.NOTHING == ngrams.NOTHING == 2**32 - 1


@pytest.mark.parametrize('kind', [np.asarray, Plain])
def test_a_text_that_is_shorter_than_a_window_and_its_context(kind):
    """Three characters, with room for three more before them."""
    ids = np.arange(3, dtype=np.uint32)
    settings = Settings(engine='batched', seq_length=1, ngrams=4, iterations=1)
    windows, _ = Passes(ids if kind is np.asarray else Plain(3), settings, 0).read(0, 0, 1)
    assert windows.tolist() == [[[2**32 - 1] * 3 + [0, 1]]]


def test_a_text_beyond_32_bits_on_windows(monkeypatch):
    """There the legacy generator gives 32 bits, unless it is asked for more."""

    class OfWindows(np.random.RandomState):
        def permutation(self, n):
            return super().permutation(n).astype(np.int32)

        def randint(self, high, dtype=np.int32):
            assert dtype == np.int64
            return super().randint(high, dtype=dtype)

    def places():
        return Order(5_000_000_000, asked(50, 4, 1_000_000), 3).places(2, np.arange(7), 0, 4)[0]

    expected = places()
    monkeypatch.setattr(np.random, 'RandomState', OfWindows)
    assert np.array_equal(places(), expected) and expected.max() > 2**31 and expected.min() >= 0
