"""``fastrnn score``: the table, the page, and errors."""

import numpy as np
import oracles
import pytest
from helpers import SONNETS, refusal
from models import biased_model, model_of

from fastrnn.inference import surprisal as scoring
from fastrnn.model.checkpoint import save_model
from fastrnn.pages import surprisal as page

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp('models') / 'model.safetensors'
    save_model(path, biased_model(sorted(set(TEXT))))
    return path


def test_the_command(cli, saved, tmp_path):
    code, out, err = cli('score', saved, SONNETS)
    assert (code, err) == (0, '')
    text, cells = oracles.read_table(out)
    assert text == TEXT and cells[0] == ''
    mean = float(cli('eval', saved, SONNETS)[1].split()[0])
    assert np.mean([float(cell) for cell in cells[1:]]) == pytest.approx(mean, abs=1e-4)


def test_the_command_writes_a_page(cli, saved, tmp_path):
    target = tmp_path / 'page.html'
    target.write_text('another')
    code, out, err = cli('score', saved, SONNETS, '--html', target)
    assert (code, err) == (0, '')
    mean = float(cli('eval', saved, SONNETS)[1].split()[0])
    assert out == f'{target}: {mean:.4f} bits per character, {len(TEXT):,} characters\n'
    assert f'<dd>{mean:.3f}</dd>' in target.read_text(encoding='utf-8')
    assert [*tmp_path.iterdir()] == [target]


def test_unknown_characters_are_skipped(cli, saved, tmp_path):
    """They have no line; the table's offsets and the page's heading count them."""
    text, page = tmp_path / 'text', tmp_path / 'page.html'
    text.write_text('abé€€c', encoding='utf-8')
    code, out, err = cli('score', saved, text, '--skip-unknown')
    assert code == 0 and err.startswith('left out: 3 of 6 characters (50.0 %) are not in the vocabulary of ')
    assert [line.split('\t')[:2] for line in out.splitlines()[1:]] == [['0', 'a'], ['1', 'b'], ['5', 'c']]
    code, out, err = cli('score', saved, text, '--skip-unknown', '--html', page)
    assert code == 0 and err.startswith('left out: 3 of 6') and out.endswith('per character, 3 characters\n')
    assert 'text, without 3 of 6 characters' in page.read_text(encoding='utf-8')


def test_adapting(cli, tmp_path):
    """A fourth column; in the page, the shades and a second figure."""
    saved, target = tmp_path / 'model', tmp_path / 'page.html'
    save_model(saved, model_of(''.join(sorted(set(TEXT))), dtype='float32', cell='lstm'))
    plain = [line.split('\t') for line in cli('score', saved, SONNETS)[1].splitlines()]
    code, out, err = cli('score', saved, SONNETS, '--adapt')
    rows = [line.split('\t') for line in out.splitlines()]
    assert (code, err) == (0, '')
    assert rows[0] == ['offset', 'character', 'bits', 'adapted_bits'] and rows[1][2:] == ['', '']
    assert [row[:3] for row in rows] == plain
    static, adapted = (np.mean([float(row[k]) for row in rows[2:]]) for k in (2, 3))
    assert adapted < static
    code, out, err = cli('score', saved, SONNETS, '--adapt', '--html', target)
    told = f'{static:.4f} bits per character ({adapted:.4f} adapted while reading)'
    assert (code, err, out) == (0, '', f'{target}: {told}, {len(TEXT):,} characters\n')
    source = target.read_text(encoding='utf-8')
    for figure in (static, adapted):
        assert f'<dd>{figure:.3f}</dd>' in source


def test_bytes_through_the_command(cli, tmp_path):
    """A model of bytes reads any file, and its output says byte instead of character."""
    text, model = tmp_path / 'text', tmp_path / 'model'
    text.write_bytes(b'\x00\xff\n\r\t<&' * 9)
    save_model(model, biased_model(sorted(set('\x00\xff\n\r\t<&')), 'byte'))
    code, out, _ = cli('score', model, text)
    assert code == 0 and oracles.read_table(out)[0].encode('latin-1') == text.read_bytes()
    code, out, _ = cli('score', model, text, '--html', tmp_path / 'p.html')
    assert code == 0 and out.endswith(' bits per byte, 63 bytes\n')
    assert '>\\xff</span>' in (tmp_path / 'p.html').read_text(encoding='utf-8')


def test_refusals(cli, saved, tmp_path, monkeypatch):
    """One line, before any work; nothing is written."""
    one, odd, missing = tmp_path / 'one', tmp_path / 'odd', tmp_path / 'missing'
    one.write_text('a')
    odd.write_text('a\u20ac')
    assert 'one character' in refusal(cli, 'score', saved, one)
    assert 'U+20AC' in refusal(cli, 'score', saved, odd)
    assert 'No such file' in refusal(cli, 'score', saved, missing)
    assert 'not a model' in refusal(cli, 'score', SONNETS, SONNETS)
    assert 'there is no folder' in refusal(cli, 'score', saved, missing, '--html', missing / 'page.html')
    assert 'is a folder' in refusal(cli, 'score', saved, missing, '--html', tmp_path)
    monkeypatch.setattr(page, 'LIMIT', 1000)
    monkeypatch.setattr(scoring, 'score', None)
    message = refusal(cli, 'score', saved, SONNETS, '--html', tmp_path / 'page.html')
    assert message == (
        f'the text has {len(TEXT):,} characters, the limit of a page is 1,000: '
        'score a part of the text, or omit --html to get the table'
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ['odd', 'one']
