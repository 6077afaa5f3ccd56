"""``fastrnn export``."""

import os
import re

from helpers import markov_text, refusal
from models import some_model

import fastrnn


def test_what_was_trained_on_is_told(cli, tmp_path):
    """From the text's name to the day; by a file, and by a run folder."""
    text = tmp_path / 'a <text>.txt'
    text.write_text(markov_text(5000), encoding='utf-8')
    model, run, html = tmp_path / 'model.safetensors', tmp_path / 'run', tmp_path / 'page.html'
    train = ['train', text, '--seed', 0, '--iterations', 20, '--hidden-size', 8, '--validation', '10%', '--quiet']
    assert cli(*train, '--save', model)[0] == cli(*train, '--out', run)[0] == 0
    os.utime(model, (1e9, 1e9))
    pages = []
    for name in (model, run):
        code, out, err = cli('export', name, '--html', html)
        assert (code, err) == (0, '')
        assert out == f'{html}: {html.stat().st_size:,} bytes, H=8, {len(set(markov_text(5000)))} characters\n'
        pages.append(dict(re.findall('<dt>(.*?)</dt><dd>(.*?)</dd>', html.read_text(encoding='utf-8'))))
    of_file, of_run = pages
    assert of_file['saved'] == '2001-09-09' and of_file['size'] == '4,500 characters'
    assert of_file['text'] == of_run['text'] == 'a &lt;text&gt;.txt'
    assert re.fullmatch(r'\d\.\d{3}, on held-out text', of_file['bits per character'])
    assert of_file['bits per character'] == of_run['bits per character']
    assert of_file['trained by'] == f'fastrnn {fastrnn.__version__}'


def test_8_bits(cli, tmp_path):
    model, text, html = tmp_path / 'model.safetensors', tmp_path / 'text.txt', tmp_path / 'page.html'
    fastrnn.save_model(model, some_model(H=40))
    text.write_text('abc\ndefg' * 40, encoding='utf-8')
    code, out, _ = cli('export', model, '--html', html, '--quantize', '--text', text, '--title', 'A title')
    assert code == 0 and '<h1>A title</h1>' in html.read_text(encoding='utf-8')
    number = r'([+-]?\d\.\d{4})'
    told = re.fullmatch(
        rf'8 bits cost {number} bits per character: {number} instead of {number}, on text.txt', out.splitlines()[1]
    )
    assert abs(float(told[2]) - float(told[3]) - float(told[1])) < 2e-4
    alone = refusal(cli, 'export', model, '--html', html, '--text', text)
    assert alone == '--text needs --quantize, whose cost it measures: add --quantize'


def test_beginnings(cli, tmp_path):
    """C's escapes are understood."""
    model, html = tmp_path / 'model.safetensors', tmp_path / 'page.html'
    fastrnn.save_model(model, some_model())
    code, _, err = cli('export', model, '--html', html, '--prime', r'abc\n', '--prime', r'\x61')
    assert (code, err) == (0, '')
    source = html.read_text(encoding='utf-8')
    assert re.findall('<button type="button">(.*)</button>', source) == ['abc↵', 'a']
    assert '"primes":["abc\\n","a"]' in source
    assert refusal(cli, 'export', model, '--html', html, '--prime', 'Zb').startswith("prime 'Zb': 1 of 2 characters")
    assert r'\q is not an escape' in refusal(cli, 'export', model, '--html', html, '--prime', r'a\q')


def test_refusals(cli, tmp_path):
    """A model that is none, before anything is written."""
    html = tmp_path / 'page.html'
    assert 'name a model that fastrnn train made' in refusal(cli, 'export', tmp_path / 'none', '--html', html)
    assert not html.exists()


def test_an_onnx_file(cli, tmp_path):
    """Alone, or with a page."""
    model, html, onnx = tmp_path / 'model.safetensors', tmp_path / 'page.html', tmp_path / 'model.onnx'
    fastrnn.save_model(model, some_model(H=40, cell='lstm'))
    code, out, err = cli('export', model, '--onnx', onnx)
    told = f'{onnx}: {onnx.stat().st_size:,} bytes, lstm H=40, 19 characters\n'
    assert (code, out, err) == (0, told, '') and not html.exists()
    code, out, err = cli('export', model, '--onnx', onnx, '--html', html, '--title', 'A title')
    assert (code, err) == (0, '') and out.startswith(told) and out.splitlines()[1].startswith(f'{html}: ')


def test_which_file_is_asked_for(cli, tmp_path):
    model, page = tmp_path / 'model.safetensors', tmp_path / 'page.html'
    fastrnn.save_model(model, some_model())
    refused = {
        (): 'nothing to write: add --html FILE, --onnx FILE, or both',
        ('--onnx', 'page.html'): 'page.html: the name of an ONNX file must end in .onnx; rename it',
        ('--html', 'x'): 'x: the name of a page must end in .html or .htm; rename it',
        ('--html', 'page.png', '--onnx', 'a.onnx'): 'page.png: the name of a page must end in .html or .htm; rename it',
        ('--html', 'page.onnx'): 'page.onnx: --html writes a page; for an ONNX file use --onnx',
    }
    for option in (('--title', 'A'), ('--quantize',), ('--prime', 'a')):
        refused['--onnx', 'a.onnx', *option] = '--quantize, --title and --prime are for the page: add --html FILE'
    for options, message in refused.items():
        assert refusal(cli, 'export', model, *options) == message
    assert refusal(cli, 'export', model, '--onnx', tmp_path / 'a' / 'b.onnx').endswith('make it first')
    assert not page.exists()
