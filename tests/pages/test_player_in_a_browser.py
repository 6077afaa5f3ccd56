"""The page in a browser: the model's numbers, text and surprisals; nothing in them becomes markup."""

import json
import re

import numpy as np
import oracles
import pytest
from browser import BROWSER
from models import sampled, some_model

import fastrnn
from fastrnn.engines.batched_streams import BatchedStreams
from fastrnn.kernels.sampling import keep_largest
from fastrnn.model.model import Model
from fastrnn.pages.player import page
from fastrnn.pages.player_weights import quantized

pytestmark = pytest.mark.skipif(BROWSER is None, reason='there is no chromium')
KINDS = [('rnn', 1, {}), ('gru', 3, {}), ('lstm', 2, {})]
KINDS += [('rnn', 1, {'ngrams': 2, 'ngram_rows': 7}), ('lstm', 2, {'ngrams': 4, 'ngram_rows': 50})]
RULES = (
    {'temperature': 0, 'top_k': 3, 'top_p': 0.5, 'seed': 1},
    {'temperature': 1.25, 'seed': 7},
    {'temperature': 0.5, 'top_k': 3, 'seed': 11},
    {'temperature': 1, 'top_p': 0.9, 'seed': 4294967295},
    {'temperature': 0.8, 'top_k': 12, 'top_p': 0.75, 'seed': 5},
    {'temperature': 2, 'top_k': 1, 'top_p': 0.01, 'seed': 6},
)
HOSTILE = '</script><script>document.title="taken"</script>&amp;\'"`\\ \u202eturned\u202c\x00\x1b\ud800\udc00\uffff<!--'
READ = """(() => {
  const model = new Model(page.facts, page.weights());
  return IDS.map(ix => { model.read(ix); return [...model.logits]; });
})()"""
WRITTEN = "document.getElementById('stop').disabled && page.write.pane.ids.length === LENGTH"


@pytest.fixture
def opened(browser, tmp_path):
    def call(model, title='a text', **options):
        path = tmp_path / 'model.html'
        path.write_text(page(model, title, **options), encoding='utf-8')
        browser.open(path)
        return browser

    yield call
    assert browser.complaints == []


def by_the_fast_engine(model, ids):
    """Logits, and the last layer's last state, after each character."""
    stream, logits, last, ngrams = BatchedStreams(model.params), [], [], model.params.architecture.ngrams
    for at, ix in enumerate(ids):
        stream.read(np.array([ix, 0]))
        rows = oracles.contexts(ids, at, max(0, ngrams - 1), model.params.architecture.ngram_rows)
        logits.append(model.params.Why @ stream.states[-1, 0, 0] + model.params.rows[rows].sum(0) + model.params.by)
        last.append(stream.states[-1, -1, 0].copy())
    return np.array(logits), np.array(last)


def write(browser, length, **settings):
    """The text that the page writes with its form."""
    for name, value in {'length': length, **settings}.items():
        browser.run(f'document.getElementById({name!r}).value = {value!r}')
    browser.run("document.querySelector('#write-form .main').click()")
    browser.wait(WRITTEN.replace('LENGTH', str(length + len(settings.get('prime', '')))))
    return browser.run('page.write.text')


def read(browser, text):
    """Paste a text and read it."""
    browser.run(f'page.see.read = page.see.values = null; page.$("pasted").value = {json.dumps(text)}')
    browser.run('document.querySelector("#see-form .main").click()')
    browser.wait('page.see.read && page.see.values')


@pytest.mark.parametrize(('cell', 'layers', 'rows'), KINDS)
def test_the_numbers_of_the_fast_engine(opened, cell, layers, rows):
    """Logits and activations agree with the engine, surprisals with ``fastrnn score``."""
    model = some_model(dtype='float32', cell=cell, layers=layers, **rows)
    model.params.Whh[...] /= 2  # an untrained model is chaotic: rounding differences would grow
    model.params.rows[::3] = 0
    ids = np.random.default_rng(0).integers(0, model.params.V, 500)
    browser = opened(model)
    found = np.array(browser.run(READ.replace('IDS', str(ids.tolist()))))
    logits, last = by_the_fast_engine(model, ids)
    assert abs(found - logits).max() < 1e-4

    text = model.vocabulary.decode(ids)
    read(browser, text)
    bits = np.array(browser.run('[...page.see.read.bits.slice(1)]'))
    assert abs(bits - fastrnn.surprisals(model, text).bits[1:]).max() < 1e-4
    browser.run(f'page.see.choose({layers * (1 + (cell == "lstm")) * model.params.H - 1}); page.see.values = null')
    browser.wait('page.see.values')
    values = np.array(browser.run('[...page.see.values]'))
    assert abs(values - (np.tanh(last) if cell == 'lstm' else last)[:, -1]).max() < 1e-4


@pytest.mark.parametrize(('cell', 'layers', 'rows'), KINDS)
@pytest.mark.parametrize('kind', ['float32', '8 bits', 'bytes'])
def test_the_text_of_sample(opened, cell, layers, rows, kind):
    """The same text for the same seed, with every filter. In 8 bits it is the text of the rounded weights."""
    of_bytes = {'chars': 'abc\n' + ''.join(map(chr, range(160, 256))), 'unit': 'byte'} if kind == 'bytes' else {}
    model = some_model(dtype='float32', cell=cell, layers=layers, **of_bytes, **rows)
    model.params.Whh[...] /= 2  # as above
    browser = opened(model, quantize=kind == '8 bits')
    if kind == '8 bits':
        model = Model(quantized(model.params), model.chars)
    for rules in RULES:
        settings = {'top-k': 0, 'top-p': 1} | {name.replace('_', '-'): value for name, value in rules.items()}
        assert write(browser, 300, prime='abc', **settings) == 'abc' + sampled(model, 300, prime='abc', **rules), rules


def test_contexts_of_n_grams(opened):
    """Hashes in 64 bits, the same as the engine's from the first character on."""
    browser = opened(some_model(dtype='float32', H=4, ngrams=2, ngram_rows=1))
    ids = np.random.default_rng(0).integers(0, 5000, 300).tolist()
    for most, rows in ((2, 1), (4, 65536), (8, 10**6), (5, 2**31 + 11)):
        found = browser.run(f'{ids}.map((_, k) => contexts({ids}.slice(0, k + 1).reverse(), {most}, {rows}))')
        assert found == [oracles.contexts(ids, at, most - 1, rows) for at in range(300)]


def test_8_bits(opened):
    """Logits are those of the rounded weights, with the n-gram table, and close to the model's."""
    model = some_model(dtype='float32', cell='gru', ngrams=3, ngram_rows=40)
    model.params.rows[:30] = 0
    ids = np.random.default_rng(0).integers(0, model.params.V, 30)
    found = np.array(opened(model, quantize=True).run(READ.replace('IDS', str(ids.tolist()))))
    rounded, logits = Model(quantized(model.params), model.chars), by_the_fast_engine(model, ids)[0]
    assert abs(found - by_the_fast_engine(rounded, ids)[0]).max() < 1e-4
    assert 0.001 < abs(found - logits).max() < 0.1


def test_hostile_characters(opened):
    """In the vocabulary, title, prime and pasted text they are shown, counted and copied, and never become markup."""
    chars = ''.join(dict.fromkeys('\n' + HOSTILE + 'abcdefghijklmnopqrstuvwxyz'))
    browser = opened(some_model(chars=chars, dtype='float32', H=8), HOSTILE)
    elements = browser.run('document.querySelectorAll("script, title, h1").length')
    title = browser.run('document.title')
    assert title.startswith('</script><script>document.title="taken"</script>&amp;') and '\\u202e' in title
    text = HOSTILE.replace('\ud800\udc00', '')  # adjacent surrogates become one character in a page
    assert write(browser, 300, prime=text)[: len(text)] == text
    read(browser, text)
    shown = browser.run('page.see.pane.spans.map(span => span.textContent).join("")')
    assert shown.endswith('\\u202eturned\\u202c\\x00\\x1b\\uffff<!--')
    assert browser.run('page.alphabet.decode(page.see.read.text)') == text
    for k in range(0, len(text), 7):
        browser.run(f'page.see.pane.pick({k})')
    assert browser.run('document.querySelectorAll("script, title, h1").length') == elements
    assert browser.run('document.title') == title
    browser.run('page.$("pasted").value = "aé é漢"; document.querySelector("#see-form .main").click()')
    assert browser.run('page.$("see-note").textContent') == "Left out, not in the model's vocabulary: é × 2, 漢 × 1."


def test_bytes(opened):
    """A model of bytes shows each byte; bytes of one character are shown as that character."""
    model = some_model(chars=''.join(map(chr, range(256))), dtype='float32', H=8, unit='byte')
    browser = opened(model)
    read(browser, 'aé€😀')
    assert browser.run('page.see.pane.spans.map(span => span.textContent)') == [*'aé€😀']
    browser.run('page.write.pane.clear(); page.write.pane.add(page.see.pane.ids)')
    assert browser.run('page.write.pane.spans.map(span => span.textContent)') == [*'aé·€··😀···']
    kinds = browser.run('page.write.pane.spans.map(span => span.className)')
    assert ['more' in kind for kind in kinds] == [char == '·' for char in 'aé·€··😀···'] and len(kinds) == 10
    text = write(browser, 200, temperature=1, seed=3)
    assert text == sampled(model, 200, temperature=1, seed=3)
    assert browser.run('page.alphabet.decode(page.alphabet.encode("aé€😀").ids)') == 'aé€😀'


def test_clusters(opened):
    """See keeps clusters together, with the sum of their bits."""
    model = some_model(chars='\nae\u0301\U0001f44d\U0001f3fd', dtype='float32', H=8)
    browser, text = opened(model), 'ae\u0301\n\U0001f44d\U0001f3fda'
    read(browser, text)
    spans = 'page.see.pane.spans.map(span => span.textContent)'
    assert browser.run(spans) == ['a', 'e\u0301', '\n', '\U0001f44d\U0001f3fd', 'a']
    bits = fastrnn.surprisals(model, text).bits
    for k, (name, told) in enumerate(
        [('a', 'nothing precedes it'), ('e\u0301', f'{bits[1:3].sum():.2f} bits, 2 characters')]
    ):
        browser.run(f'page.see.pane.pick({k})')
        assert browser.run('page.$("see-told").textContent').startswith(f'“{name}”: {told}.')
    sums = [bits[1:3].sum(), bits[3], bits[4:6].sum(), bits[6]]
    kinds = browser.run('page.see.pane.spans.slice(1).map(span => span.className.split(" ")[0])')
    assert kinds == [f's{min(8, int(round(one, 2)))}' for one in sums]
    browser.run('page.see.choose(2, true); page.see.values = null')
    browser.wait('page.see.values')
    assert browser.run('page.see.pane.spans[1].className === `u${stepOf(page.see.values[2])} at`')


def test_folded_bytes(opened):
    """They are shown, drawn, read and stored as U+FFFD, and never join other bytes to a character."""
    chars = '\na\xe2\x82\xac\ufffd\xef\xbb\xbf'
    model = some_model(chars=chars, dtype='float32', H=8, unit='byte')
    model.params.by[5] += 2
    browser = opened(model)
    assert write(browser, 300, temperature=1, seed=3) == sampled(model, 300, temperature=1, seed=3)
    assert browser.run('page.write.text').count('\ufffd') > 50
    read(browser, 'a€é€\u03bc')
    assert browser.run('page.see.pane.spans.map(span => span.textContent)') == [*'a€\ufffd\ufffd€\ufffd\ufffd']
    assert browser.run('page.see.read.text') == [1, 2, 3, 4, 5, 5, 2, 3, 4, 5, 5]
    ids = '[2, 3, 5, 4, 5, 1, 6, 7, 8]'  # a folded byte splits a character; a byte-order mark is a character
    browser.run(f'page.write.pane.clear(); page.write.pane.add({ids}); page.see.pane.set({ids})')
    shown = ['\\xe2', '\\x82', '\ufffd', '\\xac', '\ufffd', 'a', '\\ufeff']
    assert browser.run('page.see.pane.spans.map(span => span.textContent)') == shown
    assert browser.run('page.write.pane.spans.map(span => span.textContent)') == [*shown, '·', '·']
    assert browser.run(f'page.alphabet.decode({ids})') == '\ufffd\ufffd\ufffd\ufffda\ufeff'
    assert browser.run('[...page.alphabet.data([1, 5, 2])]') == [97, 0xEF, 0xBF, 0xBD, 0xE2]
    assert browser.run('page.alphabet.named(5)') == '\ufffd'


def test_a_unit_for_capitals(opened):
    """A unit that detects capital letters is first in the list, and colours them."""
    chars = '\n abcdefghABCDEFGH'
    model = some_model(chars=chars, dtype='float32', H=20)
    params, capital = model.params, np.array([char.isupper() for char in chars])
    params.Whh[0, 13], params.bh[0, 13] = 0, 0
    params.WxhT[:, 13] = np.where(capital, 5, -5)
    browser = opened(model)
    text = 'ab CD efG h\nAbba BBaab bAhGc\n' * 8
    read(browser, text)
    options = browser.run('[...page.$("by").options].map(option => option.value)')
    assert {'capital', 'shouting', 'line', 'space'} < {*options} and 'quotes' not in options
    browser.run('page.$("by").value = "capital"; page.$("by").dispatchEvent(new Event("change"))')
    browser.wait('page.see.index === 13')
    browser.run('page.$("by-unit").click()')
    browser.wait('page.see.pane.spans[0].className === "u0"')
    scores = browser.run('[...document.querySelectorAll(".unit .score")].map(score => score.textContent)')
    assert scores[0] == '+1.00'
    kinds = browser.run('page.see.pane.spans.map(span => span.className)')
    assert kinds == [('u20' if char.isupper() else 'u0') + ' n' * (char == '\n') for char in text]
    grounds = browser.run('page.see.pane.spans.slice(0, 5).map(span => getComputedStyle(span).backgroundColor)')
    assert grounds[3] == 'rgb(232, 118, 45)' and grounds[0] == 'rgb(47, 127, 193)'


def test_features(opened):
    text = json.dumps('"a b," (c)\n\nDE "f\n\n7 I')
    source = f'Object.keys(FEATURES).map(name => [name, FEATURES[name](Array.from({text})).join("")])'
    assert dict(opened(some_model(dtype='float32', H=4)).run(source)) == {
        'quotes': '1111100000000001110000',
        'brackets': '0000000110000000000000',
        'line': '01234567891000123450012',
        'word': '0101000010001200100001',
        'paragraph': '1111111111101111110111',
        'space': '0010001000000010000010',
        'newline': '0000000000110000011000',
        'capital': '0000000000001100000001',
        'shouting': '0000000000001100000000',
        'vowel': '0100000000000100000001',
        'digit': '0000000000000000000100',
        'punctuation': '1000110101000001000000',
    }


def test_ties(opened):
    """Top-k and top-p keep the first of equal values, as fastrnn.sample does."""
    source = '(p => { keepLargest(p, COUNT, MASS); return [...p]; })(Float32Array.of(1, 3, 2, 2, 2, 0))'
    browser = opened(some_model(dtype='float32', H=4))
    for count, mass, kept in (
        (1, 9, [0, 3, 0, 0, 0, 0]),
        (2, 9, [0, 3, 2, 0, 0, 0]),
        (3, 9, [0, 3, 2, 2, 0, 0]),
        (5, 99, [1, 3, 2, 2, 2, 0]),
        (6, 1, [0, 3, 0, 0, 0, 0]),
        (6, 3, [0, 3, 0, 0, 0, 0]),
        (6, 3.5, [0, 3, 2, 0, 0, 0]),
        (6, 6, [0, 3, 2, 2, 0, 0]),
        (6, 10, [1, 3, 2, 2, 2, 0]),
        (6, 11, [1, 3, 2, 2, 2, 0]),
    ):
        assert browser.run(source.replace('COUNT', str(count)).replace('MASS', str(mass))) == kept
        of_sample = np.array([1, 3, 2, 2, 2, 0], np.float32)
        keep_largest(of_sample, 6, count, float(mass))
        assert of_sample.tolist() == kept


@pytest.mark.parametrize('rows', [{}, {'ngrams': 4, 'ngram_rows': 99}])
def test_used_by_keys_and_steered(opened, rows):
    """Keys move between characters and views; the model continues from a replaced character."""
    browser = opened(some_model(dtype='float32', H=16, **rows))
    text = write(browser, 100, prime='ab', seed=5)
    keys = 'new KeyboardEvent("keydown", {key: KEY, bubbles: true, cancelable: true})'
    for key, at in (('Home', 0), ('ArrowRight', 1), ('ArrowRight', 2), ('End', 101), ('ArrowLeft', 100), ('Home', 0)):
        browser.run(f'page.$("written").dispatchEvent({keys.replace("KEY", json.dumps(key))})')
        assert browser.run('page.write.pane.at') == at
    browser.run('page.write.pane.pick(50)')
    shares = browser.run('[...page.write.shares[50]]')
    assert shares == sorted(shares, reverse=True) and 0.9 < sum(shares) <= 1.001
    taken = browser.run('page.write.top[50].indexOf(page.write.pane.ids[50])')
    other = 0 if taken else 1
    char = browser.run(f'page.alphabet.char(page.write.top[50][{other}])')
    browser.run(f'document.querySelectorAll("#write-bars button")[{other}].click()')
    browser.wait(WRITTEN.replace('LENGTH', '102'))
    steered = browser.run('page.write.text')
    assert steered[:51] == text[:50] + char and steered[51:] != text[51:]
    browser.run(f'document.querySelectorAll("#write-bars button")[{taken}].click()')  # the previous character
    browser.wait(WRITTEN.replace('LENGTH', '102'))
    assert browser.run('page.write.text') == text
    browser.run(f'page.$("tab-write").dispatchEvent({keys.replace("KEY", json.dumps("ArrowRight"))})')
    assert browser.run('[...document.querySelectorAll("section")].map(part => part.hidden)') == [True, False, True]
    assert browser.run('document.activeElement.id') == 'tab-see'


def test_a_small_screen_and_a_large_vocabulary(browser, opened):
    """Nothing is wider than a phone; a model of 4,000 characters works; no requests, no errors."""
    chars = '\n' + ''.join(map(chr, range(0x4E00, 0x4E00 + 3999)))
    try:
        browser.screen(360, 780)
        opened(some_model(chars=chars, dtype='float32', H=8), 'long' * 100)
        assert len(write(browser, 30, prime='一丁')) == 32
        for part in ('see', 'know', 'write'):
            browser.run(f'page.open({part!r})')
            assert browser.run('document.documentElement.scrollWidth') == 360, part
    finally:
        browser.screen(1000)
    assert [url for url in browser.requests if not url.startswith(('file:', 'blob:', 'about:'))] == []
    assert browser.complaints == []


def test_the_rate(opened):
    """Nothing instead of an infinite rate, as of one character."""
    browser, rate = opened(some_model(dtype='float32', H=8)), 'page.$("rate").textContent'
    write(browser, 500)
    assert re.fullmatch(r'[\d,]+ characters per second', browser.run(rate))
    write(browser, 1)
    assert browser.run(rate) == ''


def test_text_and_bars_on_a_phone(browser, opened):
    """The heading of the bars is in view when the page opens; the text and all bars fit on one screen."""
    try:
        browser.screen(390, 844, phone=True)
        opened(some_model(dtype='float32', H=8), primes=['a'])
        browser.wait(WRITTEN.replace('LENGTH', '500'))
        assert browser.run('document.querySelector("#write h2").getBoundingClientRect().bottom') < 844
        assert browser.run('page.write.bars.root.children.length') == 10
        browser.run('page.$("written").scrollIntoView()')
        assert browser.run('page.$("write-bars").getBoundingClientRect().bottom') < 844
    finally:
        browser.screen(1000)


def test_choices_are_not_cut_off(browser, opened):
    """Whichever is selected, at all widths."""
    try:
        for width in (320, 390, 700, 1280):
            browser.screen(width)
            opened(some_model(dtype='float32', H=8))
            browser.run('page.$("rules").open = true')
            width_of = 'page.$("pace").getBoundingClientRect().width'
            given, needed = (
                browser.run(width_of),
                browser.run(f'page.$("pace").style.width = "max-content", {width_of}'),
            )
            assert needed <= given, width
    finally:
        browser.screen(1000)


def test_without_a_worker(browser, tmp_path):
    """The page works in slices, and can be stopped between them."""
    path = tmp_path / 'model.html'
    source = page(some_model(dtype='float32', H=64), 'a text')
    script = browser('Page.addScriptToEvaluateOnNewDocument', source='window.Worker = undefined')
    try:
        path.write_text(source, encoding='utf-8')
        browser.open(path)
    finally:
        browser('Page.removeScriptToEvaluateOnNewDocument', identifier=script['identifier'])
    browser.wait(WRITTEN.replace('LENGTH', '500'))
    browser.run('page.$("length").value = 20000; document.querySelector("#write-form .main").click()')
    browser.wait('page.write.pane.ids.length > 100')
    browser.run('page.$("stop").click()')
    reached = browser.run('page.write.pane.ids.length')
    assert 100 < reached < 20000 and browser.run('page.$("stop").disabled')
    assert browser.run('new Promise(done => setTimeout(() => done(page.write.pane.ids.length), 50))') == reached


def test_it_writes_when_it_opens(browser, opened):
    """At a readable pace, which can be changed while it writes; the text is the same at full speed."""
    model = some_model(dtype='float32', H=8)
    whole = ''.join(fastrnn.sample(model, seed=0))  # its own defaults
    try:
        browser.screen(1000, motion='no-preference')
        opened(model)
        assert browser.run('page.write.pace') == 40
        browser.wait('page.write.pane.ids.length > 3')
        browser.run('page.$("pace").value = 200; page.$("pace").dispatchEvent(new Event("change"))')
        browser.wait('page.write.pane.ids.length > 50')
        assert browser.run('page.$("stop").disabled') is False
        browser.run('page.$("finish").focus(); page.$("finish").click()')
        browser.wait(WRITTEN.replace('LENGTH', '500'))
        assert browser.run('page.write.text') == whole
        assert browser.run('[document.activeElement.id, page.write.pace]') == ['written', 200]
        browser.run("document.querySelector('#write-form .main').click()")
        browser.wait('page.write.pane.ids.length > 3 && page.write.pane.ids.length < 100')
        browser.run('page.open("know")')  # nobody watches: full speed
        browser.wait(WRITTEN.replace('LENGTH', '500'))
        assert browser.run('page.write.text') == whole
    finally:
        browser.screen(1000)
    opened(model)
    assert browser.run('page.write.pace') == 0


def test_text_before_the_selected_character(opened):
    """Words replace empty quotes."""
    browser = opened(some_model(dtype='float32', H=8))
    after = 'page.$("write-after").textContent'
    browser.run('page.write.reset(); page.write.pane.add([1, 0, 2])')
    assert browser.run(f'page.write.show(0); {after}') == 'at the start'
    assert browser.run(f'page.write.show(2); {after}') == 'after a↵'
    browser = opened(some_model(chars=''.join(map(chr, range(256))), dtype='float32', H=8, unit='byte'))
    browser.run(f'page.write.reset(); page.write.pane.add({[*"aé 👍🏽".encode(), 0xE2, 7]}); page.write.show(13)')
    assert browser.run(after) == 'after aé␣👍🏽\\xe2'
    assert 'id="write-after">at the start<' in page(some_model(), 'a')


def test_primes(opened):
    """Each prime has a button; the model continues from exactly its characters."""
    primes = ['abc', HOSTILE.replace('\ud800\udc00', ''), 'a\r\nb\rc\n', 'a\nb\r\nc\n', 'x' * 500]
    chars = ''.join(dict.fromkeys('\n' + ''.join(primes)))
    model = some_model(chars=chars, dtype='float32', H=8)
    model.params.Whh[...] /= 2  # as above
    browser = opened(model, primes=primes)
    browser.run('page.$("length").value = 50')
    for k, prime in enumerate(primes):
        browser.run(f'document.querySelectorAll(".beginnings button")[{k}].click()')
        browser.wait(WRITTEN.replace('LENGTH', str(len(prime) + 50)))
        drawn = sampled(model, 50, prime=prime, seed=0)
        assert browser.run('page.write.text') == prime + drawn
    shown = browser.run('[...document.querySelectorAll(".beginnings button")].map(button => button.textContent)')
    assert shown[0] == 'abc' and shown[2:] == ['a\\r↵b\\rc↵', 'a↵b\\r↵c↵', 'x' * 39 + '…']


def test_a_bad_number_in_closed_settings(opened):
    """The settings open, so that the browser can show the invalid number."""
    browser = opened(some_model(dtype='float32', H=8))
    write(browser, 20)
    browser.run('page.$("rules").open = false; page.$("top-p").value = 2')
    browser.run("document.querySelector('#write-form .main').click()")
    assert browser.run('[page.$("rules").open, document.activeElement.id]') == [True, 'top-p']


def test_see_does_not_stop_writing(opened):
    """At the reading pace, the text is complete before it is read."""
    browser = opened(some_model(dtype='float32', H=8))
    browser.run(
        "page.$('pace').value = 40; page.$('length').value = 130; document.querySelector('#write-form .main').click()"
    )
    browser.wait('page.write.pane.ids.length > 102 && (page.open("see"), window.seen = page.$("stop").disabled, true)')
    assert browser.run('window.seen') is False
    browser.wait('page.see.read && page.see.read.text.length === 130')


def test_a_long_prime_keeps_its_end(opened):
    browser = opened(some_model(chars='\nab', dtype='float32', H=4))
    browser.run('page.$("length").value = 5; page.$("prime").value = "a".repeat(9000) + "b".repeat(3000)')
    browser.run("document.querySelector('#write-form .main').click()")
    browser.wait(WRITTEN.replace('LENGTH', '10005'))
    assert browser.run('page.write.text').startswith('a' * 7000 + 'b' * 3000)
    assert browser.run('page.$("write-note").textContent').startswith('Only the last 10,000 characters are read.')


def test_see_shows_generated_bytes(opened):
    """Also if they are not UTF-8."""
    browser = opened(some_model(chars=''.join(map(chr, range(256))), dtype='float32', H=8, unit='byte'))
    write(browser, 120, temperature=1, seed=3)
    browser.run('page.open("see"); page.$("use-written").click()')
    browser.wait('page.see.read && page.see.read.text.length === 120')
    assert browser.run('page.see.read.text') == browser.run('page.write.pane.ids')


def test_writing_cancels_reading(opened):
    """The progress of reading disappears."""
    browser = opened(some_model(dtype='float32', H=8))
    browser.run('page.see.receive({kind: "progress", share: 0.5}); page.$("another").click()')
    assert browser.run('page.$("see-told").textContent') == ''
