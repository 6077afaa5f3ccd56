"""A model as an ONNX file: onnxruntime computes what fastrnn does."""

import json
import re
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
from helpers import MANY, random_text
from models import CHARS, MANY_KINDS, model_of, sampled, some_model

import fastrnn
from fastrnn._version import __version__
from fastrnn.errors import Diverged
from fastrnn.model import onnx_file
from fastrnn.model.about import About
from fastrnn.model.onnx_file import write_onnx

V, H = len(CHARS), 12
BYTES = '\n' + ''.join(map(chr, range(200, 216))) + '\x00\ufffd'
TABLES = [{}, {'ngrams': 2, 'ngram_rows': 3}, {'ngrams': 5, 'ngram_rows': 700}]
TOLERANCE = 1e-5  # bits


def calm(model):
    """With weights so small that no rounding grows."""
    model.params.flat[:] *= 0.5
    return model


class Session:
    """As a user of onnxruntime would write it; ids (n, B) are of texts that are read at once."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        meta = self.session.get_modelmeta()
        self.facts = meta.custom_metadata_map
        self.chars = json.loads(self.facts['vocabulary'])

    def start(self, B):
        kinds = {'tensor(float)': 'float32', 'tensor(int64)': 'int64'}
        self.states = {
            put.name: np.zeros([B if size == 'batch' else size for size in put.shape], kinds[put.type])
            for put in self.session.get_inputs()[1:]
        }

    def step(self, ids):
        logits, *after = self.session.run(None, {'ids': np.asarray(ids, 'int64'), **self.states})
        self.states = dict(zip(self.states, after, strict=True))
        return logits.astype(np.float64)

    def bits(self, ids):
        self.start(ids.shape[1])
        found = []
        for now, after in pairwise(ids):
            y = self.step(now)
            top = y.max(axis=1)
            found.append(np.log(np.exp(y - top[:, None]).sum(axis=1)) + top - y[np.arange(ids.shape[1]), after])
        return np.array(found) / np.log(2)


def written(tmp_path, model):
    path = tmp_path / 'model.onnx'
    assert write_onnx(path, model) == path.stat().st_size
    onnx.checker.check_model(onnx.load(path), full_check=True)
    return Session(path)


def by_surprisals(model, ids):
    """(n - 1, B)"""
    return np.array([fastrnn.surprisals(model, model.vocabulary.decode(text)).bits[1:] for text in ids.T]).T


@pytest.mark.parametrize('rows', TABLES, ids=['', '2-grams', '5-grams'])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('cell', 'layers'), MANY_KINDS)
def test_the_same_surprisals(tmp_path, cell, layers, dtype, rows):
    """Of three texts at once, from their first character on, with contexts shorter than the longest."""
    model = calm(some_model(H=H, dtype=dtype, cell=cell, layers=layers, **rows))
    ids = np.random.default_rng(0).integers(0, V, (80, 3))
    assert np.abs(written(tmp_path, model).bits(ids) - by_surprisals(model, ids)).max() < TOLERANCE


def test_rows_of_numbers_that_take_17_bits(tmp_path):
    model = model_of(MANY, H=2, dtype='float32', ngrams=3, ngram_rows=5)
    ids = np.random.default_rng(1).integers(60_000, len(MANY), (12, 1))
    assert np.abs(written(tmp_path, model).bits(ids) - by_surprisals(model, ids)).max() < 2 * TOLERANCE


@pytest.mark.parametrize('rows', TABLES[::2], ids=['', '5-grams'])
def test_it_writes_what_sample_writes(tmp_path, rows):
    """The likeliest characters, so that no random number is needed."""
    model = calm(some_model(H=40, cell='gru', **rows))
    session, text = written(tmp_path, model), '\n'
    session.start(1)
    for _ in range(100):
        text += session.chars[session.step([session.chars.index(text[-1])]).argmax()]
    assert text[1:] == sampled(model, 100, temperature=0)


def test_models_of_bytes(tmp_path):
    """With the symbol for rare ones."""
    model = calm(some_model(H=H, chars=BYTES, unit='byte', cell='lstm', ngrams=3, ngram_rows=50))
    session = written(tmp_path, model)
    assert ''.join(session.chars) == BYTES and session.facts['unit'] == 'byte'
    ids = np.random.default_rng(2).integers(0, len(BYTES), (60, 1))
    found = fastrnn.inference.surprisal.score(model, ids[:, 0].astype(np.uint8)).bits[1:]
    assert np.abs(session.bits(ids)[:, 0] - found).max() < TOLERANCE


@pytest.mark.parametrize('chars', ['\n\x00"\\', 'a\ufffd\U0001f44d', '\ud83d\udc4d\n'], ids=ascii)
def test_characters_in_the_metadata(tmp_path, chars):
    """Lone surrogates, too, which only JSON can write."""
    assert written(tmp_path, model_of(chars)).chars == [*chars]


def test_what_the_file_says(tmp_path):
    """Names and shapes for whoever looks at it, and nothing that a clock decides."""
    model = some_model(H=H, cell='lstm', layers=2, ngrams=4, ngram_rows=5)
    model = replace(model, about=About(text='a.txt', bits=1.5))
    session = written(tmp_path, model)
    ours = onnx.load(tmp_path / 'model.onnx')
    puts = {put.name: (put.shape, put.type) for put in session.session.get_inputs() + session.session.get_outputs()}
    real, whole = 'tensor(float)', 'tensor(int64)'
    states = {'h': ([2, 'batch', H], real), 'c': ([2, 'batch', H], real), 'recent': (['batch', 3], whole)}
    expected = {'ids': (['batch'], whole), **states, 'logits': (['batch', V], real)}
    assert puts == expected | {f'{name}_next': put for name, put in states.items()} and next(iter(puts)) == 'ids'
    assert (ours.producer_name, ours.producer_version) == ('fastrnn', __version__)
    assert 'zeros' in ours.doc_string and all(put.doc_string for put in [*ours.graph.input, *ours.graph.output])
    assert session.facts['model'] == 'lstm 2 x 12 and 4-grams' and json.loads(session.facts['about'])['bits'] == 1.5
    weights = {tensor.name: tuple(tensor.dims) for tensor in ours.graph.initializer}
    assert weights['rnn.weight_hh_l1'] == (4 * H, H) and weights['output.weight'] == (V, H)
    before = (tmp_path / 'model.onnx').read_bytes()
    assert onnx_file.onnx_model(model).SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(('rows', 'opset', 'ir'), [({}, 13, 7), (TABLES[1], 18, 8)], ids=['', '2-grams'])
def test_old_runtimes_can_read_it(rows, opset, ir):
    found = onnx_file.onnx_model(some_model(H=H, cell='gru', **rows))
    assert [(used.domain, used.version) for used in found.opset_import] == [('', opset)] and found.ir_version == ir


def test_refusals(tmp_path, monkeypatch):
    """In a line, and nothing is written."""
    path, model = tmp_path / 'model.onnx', some_model(H=H)
    large = some_model(H=H)
    large.params.Why[0, 0] = 1e39
    with pytest.raises(Diverged, match=r"^the model's weights are not finite, or too large for the float32 of ONNX"):
        write_onnx(path, large)
    monkeypatch.setattr(onnx_file, 'MAX_BYTES', 1000)
    with pytest.raises(ValueError, match=f'^{re.escape(str(path))}: the model takes 0.0 GB, an ONNX file holds 2 GB'):
        write_onnx(path, model)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(ValueError, match=r'^an ONNX file needs onnx: pip install onnx$'):
        write_onnx(path, model)
    assert not path.exists()


def test_a_trained_model(tmp_path):
    """With a table, as the preset gives large texts."""
    text = random_text(4000, 20)
    options = {'engine': 'batched', 'cell': 'lstm', 'hidden_size': 24, 'layers': 2, 'iterations': 60, 'seed': 0}
    run = fastrnn.train(text, **options, optimizer='adam', learning_rate=0.01, init='scaled', ngrams=3, ngram_rows=500)
    for _ in run:
        pass
    session = written(tmp_path, run.model)
    ids = np.asarray(run.model.vocabulary.encode(text[:300]))[:, None]
    assert np.abs(session.bits(ids) - by_surprisals(run.model, ids)).max() < TOLERANCE
