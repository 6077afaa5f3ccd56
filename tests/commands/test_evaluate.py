"""``fastrnn eval``: the texts that a model can be tried on."""

import gzip

from helpers import SONNETS

SMALL = ('--preset', 'fast', '--hidden-size', 16, '--seq-length', 8, '--streams', 4, '--seed', 0)


def test_texts_that_the_model_does_not_know(cli, tmp_path):
    model, text = tmp_path / 'model', tmp_path / 'text'
    assert cli('train', SONNETS, *SMALL, '--iterations', 1, '--save', model)[0] == 0
    text.write_text('naïve', encoding='utf-8')
    code, _, err = cli('eval', model, text)
    assert code == 2
    assert 'U+00EF' in err


def test_eval_reads_what_train_reads(cli, tmp_path):
    """gzip, bytes that are no text, and bytes that are replaced."""
    model, packed, latin = tmp_path / 'model', tmp_path / 'text.gz', tmp_path / 'latin'
    packed.write_bytes(gzip.compress(SONNETS.read_bytes()))
    latin.write_bytes('Üb immer Treu und Redlichkeit. '.encode('latin-1') * 9)
    for text, options in ((packed, ()), (latin, ('--errors', 'replace')), (latin, ('--unit', 'byte'))):
        assert cli('train', text, *SMALL, '--iterations', 2, '--save', model, *options)[0] == 0
        code, out, err = cli('eval', model, text, *(options if '--errors' in options else ()))
        assert (code, err) == (0, '')
        assert 'bits per UTF-8 byte' in out
