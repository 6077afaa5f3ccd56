"""The table of options: each row is complete, and nothing else states the same."""

import inspect
from dataclasses import fields

import pytest

import fastrnn
from fastrnn.data.files import Reading
from fastrnn.data.texts import Texts
from fastrnn.settings.abilities import ABILITIES
from fastrnn.settings.kinds import Choice
from fastrnn.settings.options import FIRST, GROUPS, KEPT, KEYWORDS, OPTIONS, TABLE, check
from fastrnn.settings.presets import OPEN, PRESETS, in_words

BRACKETS = 48  # columns for help texts, next to option names


@pytest.mark.parametrize('row', OPTIONS.values(), ids=OPTIONS)
def test_a_row(row):
    assert row.group in GROUPS and set(row.engines or ABILITIES) <= set(ABILITIES)
    assert row.help[-1] == '.' and len(row.help) <= 105 and row.help.isascii()
    assert len(f'[{in_words(row)}]') <= BRACKETS
    if row.default is not None:
        assert check(row.name, row.default) == row.default
    assert not (row.kept and row.typed) and not (row.otherwise and row.typed)


def test_names_are_one_option():
    flags = [row.flag for row in OPTIONS.values()] + [row.letter for row in OPTIONS.values() if row.letter]
    assert len(set(flags)) == len(flags) and len(OPTIONS) == len(TABLE) + len(KEYWORDS) + len(KEPT) + sum(
        row.typed for row in OPTIONS.values()
    )
    assert len(FIRST) == 10 and set(FIRST) <= set(OPTIONS)


def test_presets():
    """They are the choices; their values are valid options of the table, as are the options they leave open."""
    assert tuple(PRESETS) == OPTIONS['preset'].kind.choices
    for name, own in PRESETS.items():
        assert {option: check(option, value) for option, value in own.items()} == own
        assert all(TABLE[option].fast for option in OPEN.get(name, ()))
    assert {row.name for row in OPTIONS.values() if row.fast} == set(OPEN['fast'])


@pytest.mark.parametrize('function', [fastrnn.train, fastrnn.start, fastrnn.open_corpus, Reading, Texts])
def test_defaults_of_functions(function):
    """Signatures show the table's defaults; None means not given."""
    shown = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name in OPTIONS and parameter.default not in (None, parameter.empty)
    }
    assert shown == {name: OPTIONS[name].default for name in shown} and {'encoding', 'unit'} <= set(shown)


def test_keywords():
    train, start = (set(inspect.signature(call).parameters) & set(OPTIONS) for call in (fastrnn.train, fastrnn.start))
    assert train == set(KEYWORDS) and start == {'files', *KEYWORDS, *KEPT}
    assert {field.name for field in fields(fastrnn.Config)} == {'preset', *TABLE}
    with pytest.raises(TypeError, match=r'^there is no option encodign: did you mean encoding\?$'):
        fastrnn.train('abc' * 20, encodign='utf-8')
    with pytest.raises(TypeError, match=r'^there is no option keeps: did you mean keep\?$'):
        fastrnn.start('nowhere', 'x', keeps=3)
    for name in ('save_every', 'hidden_size'):
        with pytest.raises(TypeError, match=f'^there is no option {name}: '):
            fastrnn.resume('nowhere', **{name: 3})


def test_earlier_names_of_a_choice():
    """Accepted, but not shown."""
    kind = Choice(('new', 'other'), {'old': 'new'})
    assert [kind.check('x', value) for value in ('OLD', 'New', 'other')] == ['new', 'new', 'other']
    assert kind.metavar == '[new|other]' and kind.words == 'new, other'
    with pytest.raises(ValueError, match=r"^x is 'older'; it must be one of new, other$"):
        kind.check('x', 'older')


def test_whole_numbers_that_no_float_can_hold():
    """Refused like other values out of range: they could not be shown."""
    for name in ('clip', 'learning_rate', 'weight_decay', 'dropout'):
        with pytest.raises(ValueError, match=f'^{name} is 10+; it must be '):
            check(name, 10**400)
    assert type(check('learning_rate', 1)) is int  # as it is in the files of runs
