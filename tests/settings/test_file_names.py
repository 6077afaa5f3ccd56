"""Texts and file names as arguments."""

import pytest
from helpers import SONNETS

import fastrnn

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.mark.parametrize('text', [b'bytes', 7, None, [], [7], {'a': 1}])
def test_what_is_neither(text):
    with pytest.raises(
        ValueError, match=r'^the text is a \w+; pass text as a str, or the names of files as Path\(...\)$'
    ):
        fastrnn.train(text)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'hidden_sise': 8}, 'there is no option hidden_sise: did you mean hidden_size?'),
        ({'validate': 8}, 'there is no option validate: did you mean validat'),
        ({'zzz': 8}, 'there is no option zzz: the options are cell, clip, '),
    ],
)
def test_misspelt_options(tmp_path, options, message):
    for call in (lambda: fastrnn.train(TEXT, **options), lambda: fastrnn.start(tmp_path / 'run', SONNETS, **options)):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value).startswith(message) and '\n' not in str(caught.value)
    with pytest.raises(TypeError, match='there is no option hidden: did you mean hidden_size'):
        fastrnn.preset('fast', hidden=3)
    with pytest.raises(TypeError, match='there is no option thread: did you mean threads'):
        fastrnn.resume(tmp_path, thread=3)
    assert not (tmp_path / 'run').exists()
