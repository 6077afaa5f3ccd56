"""Lines of a model, and which are new."""

import gzip
import tracemalloc

import numpy as np
import pytest
from models import some_model

import fastrnn
from fastrnn.inference.lines import KnownLines, Lines


def drawn(model, count, **more):
    return list(fastrnn.samples(model, 100 * count, 40, until='\n', at_once=count, seed=0, **more))


def test_lines_are_those_of_samples_without_empty_ones():
    model = some_model()
    texts = drawn(model, 10)
    assert '' in texts[:30]
    lines = Lines(model, 10, 40, seed=0)
    assert list(lines) == [text for text in texts if text][:10]
    assert lines.report() == ''


def test_a_prime_begins_each_line():
    model = some_model()
    expected = drawn(model, 5, prime='\nab')[:5]
    assert list(Lines(model, 5, 40, prime='ab', seed=0)) == expected


def test_threads_do_not_matter():
    model = some_model(cell='lstm', dtype='float32')
    assert list(Lines(model, 30, 40, seed=3, threads=1)) == list(Lines(model, 30, 40, seed=3, threads=2))


def known(tmp_path, model, text, **more):
    path = tmp_path / 'names.txt'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return KnownLines([path], model, 40, **more)


def test_known_lines_are_replaced(tmp_path):
    model = some_model()
    texts = [text for text in drawn(model, 10) if text]
    lines = Lines(model, 10, 40, seed=0)
    lines.known = known(tmp_path, model, '\n'.join([texts[3], 'abc', texts[7], texts[10]]))
    new = [text for text in texts if text not in (texts[3], texts[7], texts[10])]
    assert list(lines) == new[:10]
    assert lines.report() == f'{lines.skipped} of {lines.skipped + 10} lines occur in names.txt: skipped'
    assert lines.skipped >= 3


@pytest.mark.parametrize(('skipped', 'words'), [(0, '0 of 4 lines occur in'), (1, '1 of 5 lines occurs in')])
def test_reports_count(tmp_path, skipped, words):
    model = some_model()
    texts = [text for text in drawn(model, 4) if text]
    lines = Lines(model, 4, 40, seed=0)
    lines.known = known(tmp_path, model, '\n'.join(texts[:skipped]) or 'none')
    list(lines)
    assert lines.report() == f'{words} names.txt{": skipped" * skipped}'


def test_draws_end_where_nothing_is_new(tmp_path):
    model = some_model()
    texts = [text for text in drawn(model, 3) if text]
    everything = {text for text in fastrnn.samples(model, 5000, 2, until='\n', seed=0, at_once=2) if text}
    lines = Lines(model, 2, 2, seed=0)
    lines.known = known(tmp_path, model, '\n'.join(everything))
    assert list(lines) == [] and texts
    empty = 1000 - lines.skipped
    assert lines.report() == (
        f'{lines.skipped} of {lines.skipped} lines occur in names.txt: skipped; '
        f'0 of 2 lines printed: the limit is 1,000 draws, {empty} of them were empty'
    )


def test_a_model_of_empty_lines_ends():
    model = some_model()
    model.params.by[0] = 1000.0
    lines = Lines(model, 20, 40, seed=0)
    assert list(lines) == []
    assert lines.report() == '0 of 20 lines printed: the limit is 2,000 draws, 2,000 of them were empty'


@pytest.mark.parametrize('chunk', [1, 3, 1 << 20])
def test_lines_of_a_text(tmp_path, monkeypatch, chunk):
    """Of all newlines, gzip's too; longer ones than can be drawn take no memory and are in none."""
    monkeypatch.setattr('fastrnn.data.files.CHUNK', chunk)
    text = 'ab\r\n' + 'c' * 41 + '\rde\n\n' + 'c' * 40 + '\nlast é'
    for data in (text.encode(), gzip.compress(text.encode())):
        found = known(tmp_path, some_model(), data)
        there = ['ab', 'de', '', 'c' * 40, 'last é']
        assert all(line in found for line in there)
        assert not any(line in found for line in ('a', 'abd', 'c' * 39, 'c' * 42, 'last', 'last é\n'))
    latin = known(tmp_path, some_model(), 'é'.encode('latin-1'), encoding='latin-1')
    assert 'é' in latin


def test_hashes_are_kept_once(tmp_path):
    found = known(tmp_path, some_model(), 'ab\n' * 10_000)
    assert found._hashes.dtype == np.int64 and found._hashes.size == 2


def test_a_line_without_an_end_takes_no_memory(tmp_path):
    model, path = some_model(), tmp_path / 'text'
    path.write_bytes(b'a' * 30_000_000 + b'\nab')
    tracemalloc.start()
    found = KnownLines([path], model, 40)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 'ab' in found and peak < 10_000_000


def test_folded_characters_are_read_as_the_model_sees_them(tmp_path):
    found = known(tmp_path, some_model(chars='\nab\ufffd'), 'axb\nab-]^\\')
    assert 'a\ufffdb' in found and 'ab\ufffd\ufffd\ufffd\ufffd' in found and 'axb' not in found


def test_several_texts(tmp_path):
    for name in 'ab':
        (tmp_path / name).write_text(f'from {name}\nx')
    found = KnownLines([tmp_path / 'a', tmp_path / 'b'], some_model(), 40)
    assert all(line in found for line in ('from a', 'from b', 'x')) and 'xfrom b' not in found
    assert found.name == 'a or b'


@pytest.mark.parametrize('chars', ['\n\rab\xc3\xa9', '\n\rab\xc3\xa9\ufffd'])
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_a_model_of_bytes_knows_its_lines(tmp_path, monkeypatch, chars, newline):
    """A carriage return is a byte of the line; rare bytes, which are folded, are U+FFFD in both."""
    monkeypatch.setattr('fastrnn.data.files.CHUNK', 3)
    model = some_model(chars=chars, unit='byte')
    texts = list(dict.fromkeys(text for text in drawn(model, 20) if text))[:20]
    seen = [text for text in texts if newline == '\n' or text.endswith('\r')]
    data = newline.join(text.removesuffix('\r' * (newline != '\n')) for text in seen) + newline
    rare = b'z' if '\ufffd' in chars else b'\xff'
    found = known(tmp_path, model, data.encode().replace('\ufffd'.encode(), rare))
    assert seen and all(text in found for text in seen)
    assert 'aab' not in found


def test_a_prime_is_compared_as_it_was_read(tmp_path):
    """Without the characters that are skipped; with U+FFFD for those that are folded."""
    for chars, prime, seen in (('\nab', 'aXb', 'ab'), ('\nab\ufffd', 'aXb', 'a\ufffdb')):
        model = some_model(chars=chars)
        first = drawn(model, 1, prime=f'\n{seen}')[0]
        lines = Lines(model, 1, 40, prime=prime, skip_unknown=True, seed=0)
        lines.known = known(tmp_path, model, seen + first)
        list(lines)
        assert lines.skipped >= 1


def test_refused():
    with pytest.raises(ValueError, match=r'^the model has no newline in its vocabulary, so it cannot write lines'):
        Lines(some_model(chars='abc'), 5, 40)
    with pytest.raises(ValueError, match=r'^the prime has a newline'):
        Lines(some_model(), 5, 40, prime='a\nb')
    with pytest.raises(ValueError, match=r'^lines is 0; it must be a whole number, 1 or more'):
        Lines(some_model(), 0, 40)
