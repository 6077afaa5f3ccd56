"""The score page, in a browser if there is one, and as a file."""

import math
from itertools import pairwise

import numpy as np
import oracles
import pytest
from browser import BROWSER
from elements import Reader
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.inference.surprisal import visible
from fastrnn.pages import surprisal as pages
from fastrnn.pages.assembly import policy
from fastrnn.pages.clusters import clusters
from fastrnn.pages.surprisal import CLASSES, SHADES, page, shade

NASTY = (
    '</style></main><script>document.title="taken"</script>"\' & &amp; <!-- \u202eturned\u202c \x00\x1b\ud800\uffff\r'
)
ODD = 'Привет \U0001f600 e\u0301\tTab \t.\n\n \\ ' + NASTY + '\nשלום\n' + 'long' * 400 + '\n' + ' ' * 400 + 'end  '
ACCENT = 'e\u0301'
WHOLE = [*ODD.partition(ACCENT)[0], ACCENT, *ODD.partition(ACCENT)[2]]  # clusters as a reader sees them
ESCAPES = {'\u202e': '\\u202e', '\u202c': '\\u202c', '\0': '\\x00', '\x1b': '\\x1b', '\ud800': '\\ud800'}
ESCAPES |= {'\uffff': '\\uffff', '\r': '\\r'}
# visible text, computed colours, titles, and positions to detect overflow
SEEN = """(() => {
  const seen = element => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    return {text: element.textContent, title: element.title, ground: style.backgroundColor, ink: style.color,
      mark: getComputedStyle(element, '::before').content, right: box.right, height: box.height, top: box.top};
  };
  const all = selector => [...document.querySelectorAll(selector)].map(seen);
  return {title: document.title, text: document.querySelector('#text').textContent, spans: all('#text span'),
    legend: all('#legend li'), scripts: document.scripts.length, width: innerWidth,
    wide: document.documentElement.scrollWidth};
})()"""


def surprisals(text):
    bits = np.random.default_rng(0).uniform(0, 10, len(text))
    bits[0] = math.nan
    return bits.tolist()


def shown(text):
    return ''.join(ESCAPES.get(char, char) for char in text)


@pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
def test_in_a_browser(browser, tmp_path):
    bits = surprisals(ODD)
    (tmp_path / 'page.html').write_text(page(NASTY, ODD, bits), encoding='utf-8')
    browser.screen(700)
    try:
        browser.open(tmp_path / 'page.html')
        result = browser.run(SEEN)
    finally:
        browser.screen(1000)
    assert result['text'] == shown(ODD)
    assert result['title'] == 'Surprisal of ' + shown(NASTY)
    assert (browser.complaints, result['scripts']) == ([], 1)
    assert {url.partition(':')[0] for url in browser.requests} <= {'file', 'about'}

    spans = result['spans']
    assert [span['text'] for span in spans] == [shown(char) for char in WHOLE]
    assert spans[0]['title'] == 'nothing precedes it'
    accent = WHOLE.index(ACCENT)
    bits[accent : accent + 2] = [sum(bits[accent : accent + 2])]
    titles = [f'{value:.2f} bits' for value in bits[1:]]
    titles[accent - 1] += ', 2 characters'
    assert [span['title'] for span in spans[1:]] == titles
    order = np.argsort(bits[1:])
    darkness = -np.array([oracles.luminance(span['ground']) for span in spans[1:]])[order]
    assert (np.diff(darkness) >= 0).all() and np.unique(darkness).size == len(SHADES)
    assert all(oracles.contrast(span['ground'], span['ink']) >= 4.5 for span in spans[1:])
    marks = {'\n': '"↵" / ""', '\t': '"→" / ""'}
    assert [span['mark'] for span in spans] == [marks.get(char, 'none') for char in WHOLE]

    assert result['wide'] <= result['width'] and max(span['right'] for span in spans) <= result['width']
    assert len({round(span['top']) for span in spans}) > ODD.count('\n')
    assert [step['text'] for step in result['legend']] == [*(f'{k}–{k + 1}' for k in range(8)), '8+']
    grounds = [step['ground'] for step in result['legend']]
    assert all(step['height'] > 10 for step in result['legend'])
    assert all(span['ground'] == grounds[min(int(float(span['title'].split()[0])), 8)] for span in spans[1:])


def test_one_hue_from_light_to_dark():
    """Text is readable on each; steps differ in lightness, so colour-blind people see them."""
    assert all(oracles.contrast(ground, ink) >= 4.5 for ground, ink in SHADES)
    levels = [oracles.luminance(ground) for ground, _ in SHADES]
    assert all(high > 1.1 * low for high, low in pairwise(levels))
    assert len(CLASSES) == len(SHADES) == 9


@pytest.mark.parametrize(('bits', 'expected'), [(0, 0), (0.99, 0), (0.996, 1), (1, 1), (7.5, 7), (8, 8), (50, 8)])
def test_shades(bits, expected):
    """The displayed number decides: 1.00 has the shade of 1."""
    assert shade(bits) == expected


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=60))
def test_any_text_is_a_page(text):
    """The page is valid UTF-8, all elements are closed, the text adds only one span per cluster."""
    source = page(text, text, surprisals(text))
    assert source.encode()
    parser = Reader(source)
    assert not parser.open
    spans = [element[2] for element in parser.all('span')[1:]]
    parts = [cluster for _, cluster, _ in clusters(text, 'character')]
    assert spans == [visible(part) if len(part) == 1 and part not in '\n\t' else part for part in parts]
    plain = Reader(page('a', 'a', surprisals('a')))
    assert {element[0] for element in parser.elements} == {element[0] for element in plain.elements}
    names = {name for element in parser.elements for name in element[1]}
    assert names == {'class'} | {name for element in plain.elements for name in element[1]}
    assert not any(word in source for word in ('http:', 'https:', 'url(', '@import'))


def test_only_its_own_script_runs():
    reader = Reader(page('name', 'text', surprisals('text')))
    [rules] = [element[1]['content'] for element in reader.all('meta') if 'http-equiv' in element[1]]
    [style], [script] = reader.all('style'), reader.all('script')
    assert rules == policy(style[2], script[2]) and 'unsafe' not in rules and 'worker' not in rules


@pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
def test_the_numbers_without_a_mouse(browser, tmp_path):
    """Keys, buttons and touch show them."""
    text = 'ab\ncd'
    (tmp_path / 'page.html').write_text(page('name', text, [math.nan, 1, 2, 3.25, 4]), encoding='utf-8')
    browser.open(tmp_path / 'page.html')
    told = 'document.getElementById("told").textContent'
    assert browser.run(told).startswith('Click a character')
    browser.press('Tab', 'Tab', 'Tab')
    assert browser.run('document.activeElement.id') == 'text'
    for key, found in (
        ('ArrowRight', '“a”: nothing precedes it'),
        ('ArrowRight', '“b”: 1.00 bits'),
        ('ArrowDown', '“d”: 4.00 bits'),
        ('ArrowLeft', '“c”: 3.25 bits'),
        ('Home', '“a”: nothing precedes it'),
        ('End', '“d”: 4.00 bits'),
    ):
        browser.press(key)
        assert browser.run(told) == found
    browser.run('document.getElementById("back").click()')
    assert browser.run(told) == '“c”: 3.25 bits'
    browser.run('document.querySelectorAll("#text span")[2].click()')
    assert browser.run(told) == '“↵”: 2.00 bits'


def test_nothing_of_the_text_is_markup():
    source = page(NASTY, NASTY, surprisals(NASTY))
    assert all(f'>{escaped}</span>' in source for escaped in ('&lt;', '&gt;', '&amp;', '&quot;', '&#x27;'))
    parser = Reader(source)
    assert len(parser.all('script')) == len(parser.all('style')) == 1
    assert parser.all('title')[0][2] == 'Surprisal of ' + shown(NASTY)
    assert ''.join(element[2] for element in parser.all('span')[1:]) == shown(NASTY)


def test_the_figures():
    """Mean and perplexity ignore NaN; the unit is named."""
    source = page('name', 'abcd', [math.nan, 1, 2, 6])
    assert [element[2] for element in Reader(source).all('dd')] == ['3.000', '8.00', '4']
    assert [element[2] for element in Reader(source).all('dt')] == ['bits per character', 'perplexity', 'characters']
    assert 'bits per byte' in page('name', 'abcd', [math.nan, 1, 2, 6], 'byte')
    assert '>\\xe9</span>' in page('name', 'é', [1], 'byte')


def test_two_figures_of_each_character():
    """Adapted bits determine the shade; the page says so and shows both."""
    plain, both = (
        page('name', 'abc', [math.nan, 1, 6]),
        page('name', 'abc', [math.nan, 1, 6], 'byte', [math.nan, 3, 0.5]),
    )
    assert [element[2] for element in Reader(both).all('dd')] == ['3.500', '1.750', '11.31', '3']
    assert Reader(both).all('dt')[1][2] == 'bits per byte, adapted while reading'
    assert f'<span class={CLASSES[3]} title="3.00 bits adapted, 1.00 bits without">b</span>' in both
    assert f'<span class={CLASSES[0]} title="0.50 bits adapted, 6.00 bits without">c</span>' in both
    assert '<span>shaded: bits of surprisal, adapted while reading</span>' in both
    assert '<span>bits of surprisal</span>' in plain and 'adapted' not in plain


def test_a_cluster_has_the_sum_of_its_bits():
    """The sum determines the shade; also for bytes and adapted bits."""
    thumb = '\U0001f44d\U0001f3fd'
    [_, first, letter] = Reader(page('name', f'{thumb}a', [math.nan, 5, 0.5])).all('span')
    assert first[1:] == [{'class': CLASSES[5], 'title': '5.00 bits, 2 characters, the first not counted'}, thumb]
    assert letter[1:] == [{'class': CLASSES[0], 'title': '0.50 bits'}, 'a']
    source = page('name', 'a\xc3\xa9\xc3', [math.nan, 2, 3, 0.25], 'byte', [math.nan, 1, 0.5, 7])
    assert f'<span class={CLASSES[1]} title="1.50 bits adapted, 5.00 bits without, 2 bytes">é</span>' in source
    assert f'<span class="{CLASSES[7]} x" title="7.00 bits adapted, 0.25 bits without">\\xc3</span>' in source


def test_a_text_too_long_for_a_page():
    text = 'a' * (pages.LIMIT + 1)
    with pytest.raises(ValueError, match='has 200,001 characters, the limit of a page is 200,000'):
        page('name', text, [1.0] * len(text))


def test_a_page_is_light():
    """Less than 45 bytes per character."""
    text = 'some text\n' * 1000
    assert len(page('name', text, surprisals(text))) < 45 * len(text)
