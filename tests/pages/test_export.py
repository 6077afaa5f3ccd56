"""A model as a page in a file, and what 8 bits cost."""

import re

import numpy as np
import pytest
from models import some_model

import fastrnn
from fastrnn.model.model import Model
from fastrnn.pages import export as exporting
from fastrnn.pages.player_weights import quantized


@pytest.fixture(scope='module')
def model():
    return some_model(H=40, dtype='float32', cell='gru')


def test_a_page(model, tmp_path):
    """The same bytes each time."""
    done = fastrnn.export(model, tmp_path / 'a.html', title='A title')
    fastrnn.export(model, str(tmp_path / 'b.html'), title='A title')
    data = (tmp_path / 'a.html').read_bytes()
    assert data == (tmp_path / 'b.html').read_bytes() and len(data) == done.size
    assert b'<title>A title</title>' in data and done.bits is done.quantized_bits is None


def test_8_bits(model, tmp_path, monkeypatch):
    """Smaller, with what it costs on a text, or on what the model draws, where it is more than nothing."""
    text = 'abc\ndefg' * 40
    plain, small = (fastrnn.export(model, tmp_path / 'a.html', quantize, text=text) for quantize in (False, True))
    assert small.size < plain.size
    assert small.bits == fastrnn.evaluate(model, text).bits_per_character
    rounded = Model(quantized(model.params), model.chars)
    assert small.quantized_bits == fastrnn.evaluate(rounded, text).bits_per_character
    page = (tmp_path / 'a.html').read_text(encoding='utf-8')
    told = re.search(r'<dt>8 bits cost</dt><dd>([+-][\d.]+) bits per character, on a text</dd>', page)
    assert float(told[1]) == round(small.quantized_bits - small.bits, 4)
    monkeypatch.setattr(exporting, 'DRAWN', 3000)
    drawn = fastrnn.export(model, tmp_path / 'a.html', quantize=True)
    assert drawn.of == '3,000 characters that it drew' and 0 < drawn.quantized_bits - drawn.bits < 0.1


def test_bytes_that_are_no_text(tmp_path, monkeypatch):
    """What a model of bytes draws is measured as it is."""
    monkeypatch.setattr(exporting, 'DRAWN', 1000)
    model = some_model(chars='\n\x80\xff', H=8, dtype='float32', cell='gru', unit='byte')
    done = fastrnn.export(model, tmp_path / 'a.html', quantize=True)
    assert np.isfinite(done.quantized_bits) and done.of == '1,000 bytes that it drew'


def test_rows_of_n_grams(tmp_path, monkeypatch):
    """Their cost in 8 bits counts; more of them than a browser holds are refused, with what to do."""
    path, text = tmp_path / 'a.html', 'abc\ndefg' * 40
    model = some_model(H=8, dtype='float32', cell='gru', ngrams=3, ngram_rows=1000)
    small = fastrnn.export(model, path, quantize=True, text=text)
    rounded = Model(quantized(model.params), model.chars)
    assert small.bits == fastrnn.evaluate(model, text).bits_per_character
    assert small.quantized_bits == fastrnn.evaluate(rounded, text).bits_per_character
    path.unlink()
    size = 2000 * 4 * 19 * 4 // 3
    for limit, quantize, cure in (
        (size - 2000, False, 'add --quantize'),
        (50_000, False, 'train a model with --ngram-rows 815 or fewer, and add --quantize'),
        (50_000, True, 'train a model with --ngram-rows 815 or fewer'),
    ):
        monkeypatch.setattr(exporting, 'MAX_ROWS', limit)
        told = f'rows of n-grams would take 0 MB of the page, the limit is 0 MB: {cure}'
        with pytest.raises(ValueError, match=f'^{told}$'):
            fastrnn.export(model, path, quantize)
        assert not path.exists()
    monkeypatch.setattr(exporting, 'MAX_ROWS', size)
    assert fastrnn.export(model, path).size > size - 4000


def test_beginnings(model, tmp_path):
    """Those that the model can't read, or the page not whole, are refused in one line."""
    path = tmp_path / 'a.html'
    fastrnn.export(model, path, primes=['abc', 'a\n'])
    assert '<button type="button">a↵</button>' in path.read_text(encoding='utf-8')
    path.unlink()
    for primes, told in (
        ('abc', "primes is the text 'abc'; give a list of texts"),
        (['a', ''], "a prime is ''; it must be a text of one character or more"),
        ([7], 'a prime is 7; it must be a text of one character or more'),
        (['aZ'], "prime 'aZ': 1 of 2 characters .*; take them out of the prime; .*; it is Z .*"),
        (['ab' * 5001], f"prime '{'ab' * 15}'… has 10,002 characters, a page reads 10,000 at most: shorten it"),
    ):
        with pytest.raises(ValueError, match=f'^{told}$'):
            fastrnn.export(model, path, primes=primes)
        assert not path.exists()


def test_where_no_page_can_be(model, tmp_path):
    with pytest.raises(ValueError, match=r'there is no folder .*missing; make it first'):
        fastrnn.export(model, tmp_path / 'missing' / 'a.html')
    with pytest.raises(ValueError, match=r'^1 of 2 characters .*; use a text without them; .*; it is Z \(U\+005A\)$'):
        fastrnn.export(model, tmp_path / 'a.html', quantize=True, text='aZ')
    assert not (tmp_path / 'a.html').exists()


@pytest.mark.parametrize('name', ['model.onnx', 'MODEL.ONNX'])
def test_an_onnx_file_by_its_name(model, tmp_path, name):
    """That it computes the same: tests/model/test_onnx_file.py."""
    path = tmp_path / name
    assert fastrnn.export(model, str(path)).size == path.stat().st_size
    for setting in ({'quantize': True}, {'text': 'a'}, {'title': 'A'}, {'primes': ['a']}):
        with pytest.raises(ValueError, match=r'are for pages; leave them out$'):
            fastrnn.export(model, path, **setting)
    with pytest.raises(ValueError, match=r'make it first$'):
        fastrnn.export(model, tmp_path / 'none' / name)
