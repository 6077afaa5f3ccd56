"""Characters that an output can't encode are written as escapes; other characters don't change."""

import io
import sys
import warnings

import pytest

from fastrnn.system import escapes

TEXT = 'cafés, naïve: 5 € für 日本, カ, ☺, \U0001f600 Ω ü'
ENCODINGS = ('ascii', 'latin-1', 'cp437', 'cp1252', 'shift_jis', 'utf-8', 'utf-16')


def output(monkeypatch, name, encoding, errors='strict'):
    """Replace a standard stream; returns its bytes."""
    data = io.BytesIO()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(data, encoding, errors, newline='\n', write_through=True))
    return data


def printed(monkeypatch, text, encoding, errors='strict', stream='stdout'):
    """Print a text twice; returns the bytes and the warnings."""
    data = output(monkeypatch, stream, encoding, errors)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        escapes.escape_what_cannot_be_shown()
        for _ in range(2):
            print(text, file=getattr(sys, stream))
        escapes.tell()
    return data.getvalue(), [str(warning.message) for warning in caught]


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_character(monkeypatch, encoding):
    """Escaped as by Python's backslashreplace; encodable characters keep their bytes."""
    data, told = printed(monkeypatch, TEXT, encoding)
    assert data == (f'{TEXT}\n' * 2).encode(encoding, 'backslashreplace')
    if encoding.startswith('utf'):
        assert told == []
    else:
        (line,) = told
        assert line.startswith(f'standard output is {sys.stdout.encoding} and cannot encode all characters: the o')
        assert line.endswith('; set PYTHONUTF8=1 to write UTF-8')
        assert any(char in data.decode(encoding) for char in 'éï') == (encoding not in ('ascii', 'shift_jis'))


def test_lone_surrogates(monkeypatch):
    """No encoding can encode them."""
    data, told = printed(monkeypatch, 'é\ud83d', 'utf-8')
    assert data == b'\xc3\xa9\\ud83d\n' * 2
    assert told == ['standard output is utf-8 and cannot encode all characters: the others become escapes']


def test_the_c_locale(monkeypatch):
    """Bytes of file names are written unchanged."""
    data, told = printed(monkeypatch, 'a\udcc3\udca9é\udcff', 'ascii', 'surrogateescape')
    assert data == b'a\xc3\xa9\\xe9\xff\n' * 2 and len(told) == 1
    assert printed(monkeypatch, 'a\udcc3\udca9', 'ascii', 'surrogateescape') == (b'a\xc3\xa9\n' * 2, [])


def test_a_chosen_error_handler_stays(monkeypatch):
    """Such as with PYTHONIOENCODING=ascii:replace."""
    assert printed(monkeypatch, 'é', 'ascii', 'replace') == (b'?\n' * 2, [])


def test_standard_error(monkeypatch):
    """Python escapes there; standard output in its place warns at the end."""
    assert printed(monkeypatch, 'é', 'ascii', 'backslashreplace', 'stderr') == (b'\\xe9\n' * 2, [])
    output(monkeypatch, 'stderr', 'ascii', 'backslashreplace')
    escapes.escape_what_cannot_be_shown()
    monkeypatch.setattr(sys, 'stdout', sys.stderr)  # as a progress display does
    print('é')
    with pytest.warns(RuntimeWarning, match='standard output is ascii'):
        escapes.tell()


def test_without_an_output(monkeypatch):
    """It may be closed."""
    monkeypatch.setattr(sys, 'stdout', None)
    escapes.escape_what_cannot_be_shown()
