"""``--recursive``: the texts of folders."""

import json

import pytest
from helpers import SONNETS, refusal

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / 'notes'
    (folder / 'sub').mkdir(parents=True)
    for name, part in (('c.md', TEXT[400:]), ('a.md', TEXT[:200]), ('sub/.b.md', 'x'), ('b/b.md', TEXT[200:400])):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(part, encoding='utf-8')
    (folder / 'image').write_bytes(b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR' + bytes(range(32)))
    return folder


def test_a_run_names_what_it_found(cli, notes, tmp_path):
    """Its text is the files' text, and stays the same when the run is resumed."""
    run, told = tmp_path / 'run', f'{notes}: 3 text files; left out: 1 hidden, 1 binary\n'
    options = ('--seed', 0, '--hidden-size', 8, '--iterations')
    code, out, err = cli('train', notes, '--recursive', *options, 120, '--out', run)
    assert (code, err.replace(told, '')) == (0, 'iter 119, loss: ' + err.rpartition(' ')[2])
    assert out == cli('train', SONNETS, *options, 120)[1]  # the same text
    names = [str(notes / name) for name in ('a.md', 'b/b.md', 'c.md')]
    assert json.loads((run / 'config.json').read_bytes())['text']['files'] == names
    (notes / 'more.md').write_text('more')
    code, _, err = cli('train', '--resume', run, '--iterations', 121)
    assert (code, told in err) == (0, False)
    (notes / 'more.md').unlink()
    code, _, err = cli('train', notes, '-r', '--resume', run, '--iterations', 122)
    assert code == 0 and told in err
    assert "--recursive can't be changed" in refusal(cli, 'train', '--resume', run, '--recursive')
    code, out, err = cli('eval', run, notes, '-r')
    assert (code, err) == (0, told) and f'({len(TEXT) - 1:,} characters)' in out


def test_without_it(cli, notes):
    message = f'{notes}: is a folder; name its files, such as {notes}/*.md, or add --recursive (train, eval)'
    assert refusal(cli, 'train', notes) == message
    held_out = (
        f'{notes}: is a folder; hold out one file, or a share such as 10%'  # --recursive applies to the text only
    )
    assert refusal(cli, 'train', SONNETS, '--validation', notes) == held_out
    assert refusal(cli, 'train', SONNETS, '--recursive', '--validation', notes) == held_out
    assert 'does not look like text: ' in refusal(cli, 'train', notes / 'image')
