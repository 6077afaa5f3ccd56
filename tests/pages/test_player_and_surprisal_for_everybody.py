"""Accessibility of both pages, on phones and wide screens, light and dark: no axe violations, large targets, keys."""

import math

import numpy as np
import pytest
from browser import BROWSER
from models import some_model

from fastrnn.pages.player import page
from fastrnn.pages.surprisal import page as surprisal_page

pytestmark = pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
SCREENS = [(width, scheme) for width in (390, 1280) for scheme in ('light', 'dark')]
# controls too small for a finger; a radio button counts with its label
SMALL = """[...document.querySelectorAll('button, select, input, textarea, summary')].filter(one => {
  const box = (one.type === 'radio' ? one.parentElement : one).getBoundingClientRect();
  return one.checkVisibility() && (box.height < 44 || box.width < 24);
}).map(one => one.outerHTML)"""
WRITTEN = "page.$('stop').disabled && page.write.pane.ids.length > 100"


@pytest.fixture(params=SCREENS, ids=lambda screen: f'{screen[0]} {screen[1]}')
def screen(request, browser):
    width, scheme = request.param
    browser.screen(width, 844, scheme, phone=width < 500)
    yield width
    browser.screen(1000)


def check(browser, width):
    assert browser.barriers() == []
    assert browser.run('document.documentElement.scrollWidth') == width
    assert width > 500 or browser.run(SMALL) == []


def test_a_barrier_is_found(browser, tmp_path):
    """Low contrast, and a button without a name, are found."""
    path = tmp_path / 'page.html'
    source = surprisal_page('name', 'text', [math.nan, 1, 2, 3])
    path.write_text(source.replace('aria-label="Next character">→', '>'), encoding='utf-8')
    browser.open(path)
    browser.run('document.querySelectorAll("#text span")[1].style.color = "#aaa"')
    assert [name for name, _ in browser.barriers()] == ['button-name', 'color-contrast']


def test_the_model(browser, tmp_path, screen):
    """Each view, and both ways of colouring."""
    chars = '\n\t ' + ''.join(map(chr, range(97, 123))) + '\x01\xc3\xa9'
    model = some_model(chars=chars, dtype='float32', cell='lstm', layers=2, H=40, unit='byte')
    path = tmp_path / 'model.html'
    primes = ['abc\n', 'a beginning ' * 9]
    path.write_text(page(model, 'a text with a long name' * 3, primes=primes), encoding='utf-8')
    browser.open(path)
    browser.wait(WRITTEN)
    browser.run("page.$('rules').open = true; page.$('length').value = 120")
    browser.run("document.querySelector('.beginnings button').click()")
    browser.wait(WRITTEN)
    browser.run("page.write.pane.pick(50); document.querySelectorAll('#write-bars button')[1].click()")
    browser.wait(WRITTEN)
    check(browser, screen)
    browser.run("page.open('see'); page.$('use-written').click()")
    browser.wait('page.see.read && page.see.values')
    browser.run('page.see.pane.pick(50)')
    check(browser, screen)
    browser.run("page.$('by-unit').click()")
    browser.wait("page.see.pane.spans[9].className.startsWith('u')")
    check(browser, screen)
    browser.run("page.open('know'); document.querySelector('#know details').open = true")
    check(browser, screen)


@pytest.mark.parametrize('adapted', [False, True])
def test_a_text_that_is_scored(browser, tmp_path, screen, adapted):
    """All shades, lines, tabs and escapes."""
    text = 'some text\twith\x01 all\n' * 5
    bits = [math.nan, *np.random.default_rng(0).uniform(0, 10, len(text) - 1)]
    path = tmp_path / 'page.html'
    path.write_text(
        surprisal_page('long name' * 5, text, bits, adapted=bits[::-1] if adapted else None), encoding='utf-8'
    )
    browser.open(path)
    browser.run('walk.pick(3)')
    check(browser, screen)


def test_all_of_it_by_keys(browser, tmp_path):
    """Keys reach tabs, text, bars and units; the Tab key has few stops."""
    path = tmp_path / 'model.html'
    path.write_text(page(some_model(dtype='float32', H=40), 'a text'), encoding='utf-8')
    browser.open(path)
    browser.wait(WRITTEN)
    focus = 'document.activeElement.id'
    browser.press('Tab', 'End')
    assert browser.run(focus) == 'tab-know'
    browser.press('ArrowRight')
    assert browser.run(focus) == 'tab-write'
    stops = []
    while 'written' not in stops and len(stops) < 30:
        browser.press('Tab')
        stops.append(browser.run(focus))
    fields = ['prime', '', 'temperature', 'length', 'top-k', 'top-p', 'seed', 'pace']
    assert stops == [*fields, '', 'another', 'written']
    browser.press('Home', 'ArrowRight', 'ArrowRight', 'Enter')
    assert browser.run('document.activeElement.closest(".taken") !== null')
    browser.press('Escape')
    assert browser.run(focus) == 'written'
    text = browser.run('page.write.text')
    browser.press('Space', 'Tab', 'Space')  # the next bar
    browser.wait(WRITTEN)
    steered = browser.run('page.write.text')
    assert browser.run(focus) == 'written' and steered[:2] == text[:2] and steered[2] != text[2]
    assert browser.run('getComputedStyle(document.activeElement).outlineStyle') == 'solid'
    assert browser.run('page.$("write-done").textContent') == '500 characters written.'

    browser.run('page.open("see"); page.$("use-written").click()')
    browser.wait('page.see.values')
    browser.run('document.querySelector(".unit[aria-pressed=true]").focus()')
    browser.press('ArrowDown', 'ArrowDown', 'Enter')
    assert browser.run('[...page.all(".unit")].map(unit => unit.ariaPressed).indexOf("true")') == 2
    assert browser.run('[...page.all(".unit")].filter(unit => unit.tabIndex === 0).length') == 1
    browser.run('page.$("seen").focus()')
    browser.press('End')
    at = browser.run('page.see.pane.at')
    browser.run('page.$("see-back").focus()')
    browser.press('Space', 'Enter')
    assert browser.run('page.see.pane.at') == at - 2


def test_without_scripts(browser, tmp_path):
    """The page says that it needs JavaScript, and still describes the model."""
    path = tmp_path / 'model.html'
    path.write_text(page(some_model(dtype='float32'), 'a text'), encoding='utf-8')
    browser.open(path, scripts=False)
    said = browser.read_aloud()
    assert 'needs JavaScript' in said
    assert 'Training' in said and 'Vocabulary' in said and 'Temperature' not in said
    path.write_text(surprisal_page('name', 'text', [math.nan, 1, 2, 3]), encoding='utf-8')
    browser.open(path, scripts=False)
    assert 'Surprisal of name' in browser.read_aloud() and 'Next character' not in browser.read_aloud()
