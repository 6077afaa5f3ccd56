"""The page in a frame, as in notebooks and documentation."""

from base64 import b64encode
from html import escape

import pytest
from browser import BROWSER
from models import some_model

from fastrnn.pages.player import page
from fastrnn.pages.surprisal import page as surprisal_page

pytestmark = pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
# outer pages and frames; with srcdoc the outer page's policy applies too
NO_WORKERS = '<meta http-equiv="Content-Security-Policy" content="script-src \'unsafe-inline\'; worker-src \'none\'">'
FRAMES = {
    'srcdoc': ('', 'srcdoc="TEXT"'),
    'sandboxed srcdoc': ('', 'sandbox="allow-scripts" srcdoc="TEXT"'),
    'sandboxed data': ('', 'sandbox="allow-scripts" src="data:text/html;charset=utf-8;base64,DATA"'),
    'without workers': (NO_WORKERS, 'sandbox="allow-scripts" srcdoc="TEXT"'),
}
WRITTEN = "page.$('stop').disabled && page.write.pane.ids.length === LENGTH"


@pytest.fixture
def framed(browser, tmp_path):
    """Open a page inside another one; later expressions run in the inner page."""

    def call(source, frame):
        head, attributes = FRAMES[frame]
        attributes = attributes.replace('TEXT', escape(source)).replace('DATA', b64encode(source.encode()).decode())
        path = tmp_path / 'outer.html'
        outer = f'<!DOCTYPE html><meta charset="utf-8">{head}<iframe width="900" height="800" {attributes}></iframe>'
        path.write_text(outer, encoding='utf-8')
        browser.open(path)
        browser.enter()
        return browser

    return call


@pytest.mark.parametrize('frame', FRAMES)
def test_it_writes_and_reads_in_a_frame(framed, frame):
    """Buttons and Enter work; views open and stay open, though the address can't be changed."""
    browser = framed(page(some_model(dtype='float32', H=8), 'a text'), frame)
    browser.wait(WRITTEN.replace('LENGTH', '500'))
    browser.run('page.$("length").value = 40; document.querySelector("#write-form .main").click()')
    browser.wait(WRITTEN.replace('LENGTH', '40'))
    browser.run('page.$("length").value = 50; page.$("length").focus()')
    browser.press('Enter')
    browser.wait(WRITTEN.replace('LENGTH', '50'))
    browser.run('page.$("tab-see").click(); page.$("pasted").value = "abcabc"')
    browser.run('document.querySelector("#see-form .main").click()')
    browser.wait('page.see.read && page.see.read.text.length === 6')
    assert browser.run('[...document.querySelectorAll("section")].map(part => part.hidden)') == [True, False, True]
    assert [line for line in browser.complaints if 'worker' not in line] == []
    assert ('engine.receive' in browser.run('String(page.send)')) == (frame == 'without workers')


def test_bad_numbers_are_not_submitted(framed):
    """The browser checks fields before the button acts."""
    browser = framed(page(some_model(dtype='float32', H=8), 'a text'), 'sandboxed srcdoc')
    browser.wait(WRITTEN.replace('LENGTH', '500'))
    browser.run('page.$("length").value = -5; document.querySelector("#write-form .main").click()')
    assert browser.run('page.write.pane.ids.length') == 500


def test_the_surprisal_page_in_a_frame(framed):
    browser = framed(surprisal_page('name', 'text\n', [float('nan'), 1, 2, 3, 4]), 'sandboxed srcdoc')
    assert browser.run('document.querySelectorAll("#text span").length') == 5 and browser.complaints == []
    assert browser.run('document.getElementById("walk").hidden') is False
