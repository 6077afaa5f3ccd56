"""The page as a file: its content; nothing from a model or a title becomes markup."""

import base64
import json
import re
from hashlib import sha256

import oracles
from elements import Reader
from hypothesis import given, settings
from hypothesis import strategies as st
from models import model_of, some_model

from fastrnn.model.about import About
from fastrnn.model.model import Model
from fastrnn.pages import player
from fastrnn.pages.assembly import joined
from fastrnn.pages.player import page

HOSTILE = '</script><script>alert(1)</script></title><!-- &amp; \'"`\\ \u202e\u202c\x00\x1b\ud800\uffff\u2028'


@settings(max_examples=15)
@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=30), st.text(max_size=30))
def test_any_vocabulary_and_title(text, title):
    """Every element is closed, no text adds elements, and the vocabulary is unchanged."""
    chars = ''.join(dict.fromkeys(text))
    source = page(model_of(chars, dtype='float32'), title)
    assert source.encode()
    reader, plain = Reader(source), Reader(page(model_of(chars[:1], dtype='float32'), 'a'))
    assert not reader.open and len(reader.all('span')) == len(plain.all('span')) + len(chars) - 1
    others = [[element[0] for element in one.elements if element[0] != 'span'] for one in (reader, plain)]
    assert others[0] == others[1]
    assert ''.join(map(chr, json.loads(reader.by_id('facts'))['points'])) == chars


def test_no_fact_becomes_markup():
    model = model_of(''.join(dict.fromkeys(HOSTILE)), dtype='float32')
    model = Model(model.params, model.chars, about=About(text=HOSTILE))
    reader = Reader(page(model, HOSTILE, [(HOSTILE, HOSTILE)]))
    shown = reader.all('title')[0][2]
    assert shown.startswith('</script><script>alert(1)</script></title><!-- &amp;') and '\\u202e' in shown
    assert shown == reader.all('h1')[0][2] == reader.all('dd')[0][2] == reader.all('dt')[-1][2]
    assert len(reader.all('script')) == 4


def test_only_what_is_in_the_page_runs():
    """The policy has hashes; the page has no addresses."""
    source = page(some_model(dtype='float32'), 'a text')
    reader = Reader(source)
    [policy] = [element[1]['content'] for element in reader.all('meta') if 'http-equiv' in element[1]]
    rules = dict(rule.split(' ', 1) for rule in policy.split('; '))
    assert rules.pop('default-src') == rules.pop('base-uri') == rules.pop('form-action') == "'none'"
    hashed = [
        f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
        for _, attributes, text in [*reader.all('style'), *reader.all('script')]
        if 'type' not in attributes
    ]
    assert rules == {'style-src': hashed[0], 'script-src': ' '.join(hashed[1:]), 'worker-src': 'blob:'}
    assert not re.search(r'https?:|//[a-z]+\.|url\(|@import|innerHTML|insertAdjacent|document\.write|\beval\b', source)
    assert not any(name.startswith('on') or name == 'style' for element in reader.elements for name in element[1])


def test_every_field_has_a_name():
    reader = Reader(page(some_model(dtype='float32'), 'a text'))
    inside = re.findall(
        r'<label[^>]*>(?:(?!</label>).)*?<(?:input|select|textarea)[^>]*', page(some_model(), 'x'), re.S
    )
    assert len(inside) == sum(len(reader.all(tag)) for tag in ('input', 'select', 'textarea'))
    ids = [element[1]['id'] for element in reader.elements if 'id' in element[1]]
    assert len(ids) == len(set(ids))
    for element in reader.elements:
        for name in ('aria-controls', 'aria-labelledby', 'for'):
            assert element[1].get(name, ids[0]) in ids


def test_facts_of_the_model():
    about = About(text='a.txt', characters=12345, bits=1.98765, held_out=True, iterations=1000, version='1.2.3')
    model = some_model(cell='lstm', layers=2)
    reader = Reader(page(Model(model.params, model.chars, about=about), 'a.txt', [('saved', '2026-11-26')]))
    facts = dict(zip(*([element[2] for element in reader.all(tag)] for tag in ('dt', 'dd')), strict=True))
    assert facts == {
        'text': 'a.txt',
        'size': '12,345 characters',
        'bits per character': '1.988, on held-out text',
        'iterations': '1,000',
        'trained by': 'fastrnn 1.2.3',
        'architecture': '2 layers of 30 LSTM units',
        'parameters': f'{model.params.architecture.parameters:,}',
        'weights': 'float32',
        'page made by': f'fastrnn {player.__version__}',
        'saved': '2026-11-26',
    }
    assert 'not in the model file' in page(model, 'a.txt')


def test_the_n_gram_table_is_described():
    """With its size; pages of other models do not mention it and have no script for it."""
    model = some_model(cell='gru', ngrams=4, ngram_rows=1000)
    source = page(model, 'a.txt')
    facts = dict(zip(*([element[2] for element in Reader(source).all(tag)] for tag in ('dt', 'dd')), strict=True))
    assert facts['architecture'] == '1 layer of 30 GRU units and 4-grams'
    assert facts['n-grams'] == '2 to 4 characters, 1,000 rows each'
    assert facts['parameters'] == f'{model.params.flat.size + model.params.rows.size:,}'
    assert f'{facts["parameters"]} weights' in source and 'table rows selected by the last 2 to 4 characters' in source
    assert 'table rows selected by the last 2 bytes' in page(model_of('ab', unit='byte', ngrams=2, ngram_rows=3), 'a')
    assert not re.search('n-?gram', page(some_model(), 'a.txt'))


def test_the_style_can_be_read():
    """Text has enough contrast with its background, in light and dark."""
    rules = re.findall(r':root\{(.*?)\}', joined(['player.css']), re.S)
    light = dict(re.findall(r'--([\w-]+):(#\w+)', rules[0]))
    for colours in (light, light | dict(re.findall(r'--([\w-]+):(#\w+)', rules[1]))):
        full = {
            name: '#' + ''.join(2 * c for c in value[1:]) if len(value) == 4 else value
            for name, value in colours.items()
        }
        for ground in ('paper', 'card'):
            for text in ('ink', 'soft', 'accent'):
                assert oracles.contrast(full[ground], full[text]) >= 4.5, (ground, text)
            assert oracles.contrast(full[ground], full['edge']) >= 3, ground
        assert oracles.contrast(full['accent'], full['on-accent']) >= 4.5


def test_a_script_ends_where_it_should():
    for name in (*player.ENGINE, *player.PAGE, 'player.css'):
        assert not re.search(r'</(script|style)|<!--', joined([name])), name
