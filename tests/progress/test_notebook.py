"""What a notebook shows of a run."""

import re

import pytest
from helpers import SONNETS, progress_record

import fastrnn
from fastrnn.progress import notebook as watching

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


@pytest.fixture
def shown(monkeypatch):
    """The outputs that a notebook gets, in order."""
    ipython, shown = pytest.importorskip('IPython.display'), []

    class Handle:
        def update(self, data, raw):
            shown.append(data)

    monkeypatch.setattr(watching, '_is_notebook', lambda: True)
    monkeypatch.setattr(ipython, 'display', lambda data, raw, display_id: shown.append(data) or Handle())
    return shown


def test_watching(tmp_path):
    model = fastrnn.watch(fastrnn.train(TEXT, **SMALL))
    assert fastrnn.watch(fastrnn.start(tmp_path / 'run', SONNETS, **SMALL)) == model


def test_a_notebook(shown):
    run = fastrnn.train(TEXT, validation=0.1, **SMALL)
    fastrnn.watch(run)
    assert shown[0]['text/plain'].startswith('starting')
    assert re.fullmatch(
        r'iteration 30, [\d,]+ characters/s, [\d.]+ bits per character, validation [\d.]+, best [\d.]+',
        shown[-1]['text/plain'],
    )
    assert '<progress max="1" value="1.0000">' in shown[-1]['text/html']
    fastrnn.watch(run)
    assert shown[-1]['text/plain'] == 'the run was already complete'


def test_an_interrupted_notebook(shown):
    """The last line says how to continue; errors are left to the notebook."""
    with pytest.raises(ValueError, match='no text'), watching.display():
        raise ValueError('no text')
    assert shown[-1]['text/plain'] == 'failed before the first iteration'
    for records in (0, 1):
        with pytest.raises(KeyboardInterrupt), watching.display() as show:
            for _ in range(records):
                show(progress_record(validation=2.4, share=0.5))
            raise KeyboardInterrupt
        told = shown[-1]['text/plain']
        assert told.endswith('interrupted; watch the run again to continue')
        assert told.startswith('iteration 5,000, ') == bool(records) and ('0:12 left; ' in told) == bool(records)
