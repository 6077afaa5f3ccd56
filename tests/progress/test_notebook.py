"""What a notebook shows of a run."""

import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.progress import notebook as watching

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


def test_watching(monkeypatch, tmp_path):
    shown = []
    model = fastrnn.watch(fastrnn.train(TEXT, **SMALL))
    assert fastrnn.watch(fastrnn.start(tmp_path / 'run', SONNETS, **SMALL)) == model
    monkeypatch.setattr(watching, '_is_notebook', lambda: True)
    html = pytest.importorskip('IPython.display')

    class Handle:
        def update(self, data, raw):
            shown.append(data)

    monkeypatch.setattr(html, 'display', lambda data, raw, display_id: shown.append(data) or Handle())
    fastrnn.watch(fastrnn.train(TEXT, validation=0.1, **SMALL))
    assert shown[0]['text/plain'].startswith('starting') and 'best validation' in shown[-1]['text/plain']
    assert '<progress max="1" value="1.0000">' in shown[-1]['text/html']
