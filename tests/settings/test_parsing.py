"""Times, shares and counts as users type them."""

from pathlib import Path

import numpy as np
import pytest

from fastrnn.settings.parsing import (
    parse_count,
    parse_escapes,
    parse_seconds,
    parse_share,
    share_in_words,
    size_in_words,
)


@pytest.mark.parametrize(
    ('value', 'seconds'),
    [
        *((value, 90.0) for value in (90, 90.0, np.int64(90), np.float32(90), '90', '90s', '90sec', ' 90 seconds ')),
        *((value, 90.0) for value in ('1m30s', '1min 30sec', '1.5m', '1.5 minutes', '1M30S', '0.025h')),
        ('1min', 60.0),
        ('2h', 7200.0),
        ('1h 5s', 3605.0),
        ('1d', 86400.0),
        ('.2s', 0.2),
        ('1e3', 1000.0),
        ('1e3s', 1000.0),
        ('0', 0.0),
    ],
)
def test_times(value, seconds):
    assert parse_seconds(value) == seconds


@pytest.mark.parametrize('value', ['soon', '', ' ', 's', '1m30', '30s1m', '5m2m', '1,5h', '-5s', '1:30', 'nan', True])
def test_what_is_not_a_time(value):
    with pytest.raises(ValueError) as error:
        parse_seconds(value)
    assert (
        str(error.value) == f'time is {value!r}; give seconds, or a number with s, m, h or d, such as 90s, 5m or 1m30s'
    )


@pytest.mark.parametrize('value', [0.1, '0.1', '10%', '10 %', '.1', '1e-1', ' 0.10 ', np.float64(0.1), np.float32(0.1)])
def test_shares(value):
    assert parse_share(value) == 0.1


def test_shares_are_as_written():
    assert [parse_share(f'{number}%') for number in ('0.7', '7', '35', '99.9')] == [0.007, 0.07, 0.35, 0.999]


@pytest.mark.parametrize('value', ['data/valid.txt', Path('0.1'), Path('10'), '1/10', '', '%', '10.txt', 'a,1'])
def test_names_of_files(value):
    assert parse_share(value) is None


@pytest.mark.parametrize(
    ('value', 'form'),
    [
        *((value, '10% or 0.1') for value in (10, '10', 10.0)),
        *((value, '0.1 or 10%') for value in (0, '0', '0%', '100%', '-0.1', 100, 'nan', 'nan%', 'inf', '1e-400')),
        (1, '1% or 0.01'),
        ('1.5', '1.5% or 0.015'),
        ('0,1', '0.1'),
        ('0,5%', '0.5%'),
        ('12,5', '12.5% or 0.125'),
    ],
)
def test_numbers_that_are_not_a_share(tmp_path, monkeypatch, value, form):
    """The error shows a form that works; a file of that name is used as a file."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:
        parse_share(value)
    words = f'validation is {value!r}; it must be a share above 0 and below 1, such as {form}, or a file'
    assert str(error.value) == words
    Path(str(value)).touch()
    if isinstance(value, str):
        assert parse_share(value) is None
    else:
        with pytest.raises(ValueError):
            parse_share(value)


@pytest.mark.parametrize('value', [10000, '10000', '1e4', '1E4', '10_000', '10000.0', ' 10000 ', '0.1e5'])
def test_counts(value):
    assert parse_count(value) == 10000


def test_counts_are_exact():
    assert parse_count('9223372036854775807') == 2**63 - 1 and parse_count('-3') == -3 and parse_count('1e19') == 10**19


@pytest.mark.parametrize('value', ['128.5', '1e-4', '1e400', '1e999999999', 'x', '', 'nan', 'inf', '1,000', '1e4.5'])
def test_what_is_not_a_count(value):
    with pytest.raises(ValueError) as error:
        parse_count(value)
    assert str(error.value) == f'{value!r} is not a whole number, such as 128 or 1e4'


def test_sizes_in_words():
    sizes = (0, 42_345, 1_900_000, 999_940_000, 4 * 10**9)
    assert [size_in_words(size) for size in sizes] == ['0.0 KB', '42.3 KB', '1.9 MB', '999.9 MB', '4.0 GB']


def test_escapes():
    assert parse_escapes(r'a\n\t\r\a\b\f\v\\\'\"\0\101\x41\u00e9\U0001f600é') == (
        'a\n\t\r\a\b\f\v\\\'"\0AA\u00e9\U0001f600é'
    )
    assert parse_escapes(r'\\n\012') == '\\n\n'
    for bad in (r'\q', '\\', r'\x4', r'\u12', r'\é', '\\\n'):
        with pytest.raises(ValueError, match=r'is not an escape, such as \\n, \\t or \\u00e9; write \\\\ for a back'):
            parse_escapes('ab' + bad)
    with pytest.raises(ValueError, match=r'^\\U00110000 is not a character; the last one is \\U0010ffff$'):
        parse_escapes(r'\U00110000')


@pytest.mark.parametrize('text', ['2%', '10%', '0.7%', '33.3%', '99.99%', '0.000001%', '30%', '7%'])
def test_shares_in_words(text):
    """As they are typed, and the same share again."""
    assert share_in_words(parse_share(text)) == text


@pytest.mark.parametrize('text', ['1e9999999%', '-1e9999999%', '1e-9999999%', 'sNaN', 'sNaN%', '1e9999999'])
def test_shares_that_no_float_can_hold(text):
    with pytest.raises(ValueError, match=r'^validation is .*; it must be a share above 0 and below 1, such as 0.1 or '):
        parse_share(text)
