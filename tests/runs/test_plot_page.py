"""The curves as a page: what is in it, what a browser makes of it, and that no name is taken as markup."""

import base64
import json
import math
import re
import sys
from hashlib import sha256

import pytest
from browser import BROWSER, Browser
from elements import Reader
from logs import records, rollback

from fastrnn.runs.curves import read_runs
from fastrnn.runs.plot_page import page

HOSTILE = '<b onload=x>&amp;$\\frac$<script>t<'
DRAWN = "document.querySelectorAll('#curves .scatterlayer .trace').length"


def written(tmp_path, *folders):
    path = tmp_path / 'curves.html'
    path.write_bytes(page(read_runs(folders)))
    return path


def data_of(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def test_what_is_in_it(logged, tmp_path):
    """All points with their learning rates; the same bytes each time; nothing to fetch; no script but its own."""
    path = written(tmp_path, one := logged('one'), two := logged('two', engine='reference'))
    first, second = data_of(path)['runs']
    entries, validated = records(), [entry for entry in records() if entry['validation'] is not None]
    assert first['train']['bits'] == pytest.approx([entry['train'] for entry in entries], abs=1e-4)
    assert first['validation']['bits'] == pytest.approx([entry['validation'] for entry in validated], abs=1e-4)
    assert first['validation']['iteration'] == [entry['iteration'] for entry in validated]
    assert set(first['train']['rate']) == {0.01} and first['label'] == 'one (batched): best validation 2.175'
    assert (second['light'], second['dark']) == ('#000000', '#ffffff')
    assert path.read_bytes() == page(read_runs([one, two]))
    source = path.read_text()
    policy = re.search('content="(default-src .*?)"', source)[1]
    scripts = re.findall('<script>(.*?)</script>', source, re.DOTALL)
    hashes = [f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    assert len(scripts) == 2 and policy == (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; img-src data: blob:"
    )


def test_numbers_that_are_not_finite_and_rates_that_are_not_known(logged, tmp_path):
    """As gaps: JSON has no NaN."""
    entries = [{**entry, 'train': math.nan if k == 3 else entry['train']} for k, entry in enumerate(records(9))]
    entries = [{name: value for name, value in entry.items() if name != 'learning_rate'} for entry in entries]
    (run,) = data_of(written(tmp_path, logged(entries=[*entries, rollback(50), *records(9, first=6)])))['runs']
    assert run['train']['bits'][3] is None and run['train']['rate'][0] is None and len(run['given_up']) == 1


def test_names_that_are_no_markup(logged, tmp_path):
    source = written(tmp_path, logged(HOSTILE), logged('b', H=3)).read_text()
    without = re.sub('<script>.*?</script>', '', source, flags=re.DOTALL)
    assert not Reader(without).open and len(Reader(without).all('script')) == 1 and not Reader(without).all('b')


def test_without_plotly(logged, monkeypatch):
    monkeypatch.setitem(sys.modules, 'plotly.offline', None)
    with pytest.raises(ValueError, match=r'^plot --html needs plotly: pip install plotly$'):
        page(read_runs([logged()]))


@pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
def test_in_a_browser(logged, tmp_path):
    """Offline: curves, what stands beside the pointer, runs that are hidden, other axes, and the width of a phone."""
    entries = [*records(30), rollback(200), *records(40, first=21)]
    path = written(tmp_path, logged(HOSTILE, entries), logged('other', records(floor=2.5), H=64))
    with Browser(tmp_path / 'profile') as browser:
        browser.screen(1000)
        browser.open(path)
        browser.wait(f'{DRAWN} === 5')
        assert [place for place in browser.requests if not place.startswith('data:')] == [path.resolve().as_uri()]
        assert browser.run("document.querySelector('#runs button').textContent").startswith(HOSTILE)
        place = """(() => {
          const place = document.getElementById('curves'), box = place.getBoundingClientRect();
          const { xaxis, yaxis } = place._fullLayout, { x, y } = place.data[2];
          return [box.left + xaxis._offset + xaxis.d2p(x[1]), box.top + yaxis._offset + yaxis.d2p(y[1])];
        })()"""
        x, y = browser.run(place)
        for shift in (2, 0):
            browser('Input.dispatchMouseEvent', type='mouseMoved', x=x + shift, y=y)
        browser.wait("document.querySelector('.hoverlayer .hovertext')")
        beside = browser.run("document.querySelector('.hoverlayer').textContent")
        assert beside.startswith(HOSTILE[:30]) and beside.endswith(
            'validation: 2.250 bits per characteriteration 190learning rate 0.01100,000 characters, 2 s'
        )
        assert browser.run("document.querySelectorAll('.modebar a, .modebar button').length") == 4  # none that sends it
        browser.run("document.querySelector('#runs button').click()")
        browser.wait(f'{DRAWN} === 2')
        assert browser.run("document.querySelector('#runs button').getAttribute('aria-pressed')") == 'false'
        for axis, last in (('characters', 200_000), ('iteration', 390)):
            browser.run(f"document.getElementById('{axis}').click()")
            browser.wait(f"document.getElementById('curves').data[3].x.at(-1) === {last}")
        browser.screen(390, 844, 'dark', phone=True)
        browser.wait("document.getElementById('curves')._fullLayout.paper_bgcolor === '#181a1b'")
        browser.wait('document.documentElement.scrollWidth === 390')
        assert browser.complaints == []
