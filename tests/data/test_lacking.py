"""Characters that are not in a vocabulary: reported with counts, or skipped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.data import files
from fastrnn.data.lacking import unit_name
from fastrnn.data.vocabulary import Vocabulary


@given(st.text('abxyé\n', min_size=1, max_size=60), st.integers(1, 7))
def test_skipping_leaves_the_known_characters(text, chunk):
    """For any chunk size; offsets are those in the whole text."""
    vocabulary, kept = Vocabulary('ab'), [k for k, char in enumerate(text) if char in 'ab']
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, 'CHUNK', chunk)
        if len(kept) < 2 and len(kept) < len(text):
            with pytest.raises(
                ValueError, match=f"^the model knows {len(kept) or 'none'} of the text's {len(text)} characters"
            ):
                vocabulary.encode_known(text)
            return
        encoded = vocabulary.encode_known(text)
    assert vocabulary.decode(encoded.ids) == ''.join(text[k] for k in kept) and not encoded.ids.flags.writeable
    lacking, others = encoded.lacking, [char for char in text if char not in 'ab']
    assert lacking.counts == {ord(char): text.count(char) for char in others}
    assert (lacking.total, lacking.count, lacking.share) == (len(text), len(others), len(others) / len(text))
    assert lacking.first == (text.index(others[0]) if others else None)
    assert (encoded.offsets is None) == (not others)
    assert others == [] or encoded.offsets.tolist() == kept


def test_unknown_bytes(tmp_path):
    path = tmp_path / 'some'
    path.write_bytes(b'\x00a\xffa\x00')
    encoded = Vocabulary('a\xff', 'byte').encode_known(path)
    assert encoded.ids.tolist() == [0, 1, 0] and encoded.offsets.tolist() == [1, 2, 3]
    assert str(encoded.lacking) == '2 of 5 bytes (40.0 %) are not in the vocabulary of 2: 0x00 2 times'


def test_the_five_most_frequent_are_named():
    """Whatever their order in the text; after what to do about them."""
    odd = [chr(0x4E00 + k) for k in range(25)]
    text = 'ab' * 20_000 + ''.join(odd) + odd[24] * 3
    with pytest.raises(ValueError, match=r'^28 of 40,028 characters ') as error:
        Vocabulary('ab').encode_known(text, skip_unknown=False)
    message = str(error.value)
    assert message == (
        '28 of 40,028 characters (0.07 %) are not in the vocabulary of 2; '
        'leave them out with --skip-unknown (skip_unknown=True), or use a model trained with --min-count 2, which maps '
        'rare and unknown characters to one; the first is at offset 40,000; '
        'they are 丘 (U+4E18) 4 times, 一 (U+4E00), 丁 (U+4E01), 丂 (U+4E02), 七 (U+4E03) and 20 more'
    )


@pytest.mark.parametrize(
    ('char', 'name'),
    [
        *[('为', '为 (U+4E3A)'), ('\U0001f600', '\U0001f600 (U+1F600)'), ("'", "' (U+0027)"), ('\\', '\\ (U+005C)')],
        *[(' ', "' ' (U+0020)"), ('\n', r'\n (U+000A)'), ('\x1b', r'\x1b (U+001B)'), ('\xa0', r'\xa0 (U+00A0)')],
        *[('\u0301', r'\u0301 (U+0301)'), ('\u202e', r'\u202e (U+202E)'), ('\ud83d', r'\ud83d (U+D83D)')],
    ],
)
def test_names(char, name):
    """The character itself, unless it is invisible, changes its surroundings or is a surrogate."""
    assert unit_name(ord(char), 'character') == name
