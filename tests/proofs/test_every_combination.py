"""Whatever trains can be used: saved, read, sampled, evaluated, scored, exported, resumed and begun from.

Options are combined at random; what is refused before training is not a case.
"""

import json
import math
import re

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from kept import contents, one_by_one, run_to
from models import sampled

import fastrnn
from fastrnn.data.texts import Texts
from fastrnn.model.state import MOMENTS
from fastrnn.settings.config import preset

LENGTH = 700  # characters of a text
ALPHABETS = ('ab\n', 'abc é€\n', 'a\r\nb\r', 'ab\0\t\x1b', 'añ\ufffd', '漢字かな。', 'a😀𝔸b', 'ab\ufeff\u2028', '"<&>')
RARE = 'xyzéß€漢😀'  # each once, at the end of what is trained on: min_count folds them
ENCODINGS = (('utf-8', 'strict'), ('utf-8', 'replace'), ('utf-8', 'surrogateescape'), ('utf-16', 'strict'))
ENCODINGS += (('latin-1', 'replace'), ('cp1252', 'ignore'), ('ascii', 'replace'))
KERNELS = (('rnn', 'float32'), ('rnn', 'float64'), ('gru', 'float32'), ('lstm', 'float32'))  # that other tests need too
UNKNOWN = 'λ☃ \x07ab'  # a text with characters that most models lack


@st.composite
def texts(draw):
    """Bytes of a file, and how it is read."""
    encoding, errors = draw(st.sampled_from(ENCODINGS))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    alphabet = draw(st.sampled_from(ALPHABETS))
    drawn = ''.join(alphabet[k] for k in rng.integers(0, len(alphabet), LENGTH))
    middle = len(drawn) // 2
    text = drawn[:middle] + draw(st.sampled_from(['', RARE, RARE[:1]])) + drawn[middle:]
    data = text.encode(encoding if encoding != 'ascii' else 'utf-8', 'replace')
    if encoding == 'utf-8' and errors != 'strict':
        data = data[:200] + b'\xff\x80\xe2\x82' + data[200:]
    reading = {'encoding': encoding, 'errors': errors, 'unit': draw(st.sampled_from(['character', 'byte']))}
    return data, {**reading, 'min_count': draw(st.sampled_from([1, 2, 2, 5, 200]))}


@st.composite
def configurations(draw, kernels):
    """Of every engine; some of the preset. ``kernels``: of the batched one, cells and types of numbers."""

    def one(*values):
        return draw(st.sampled_from(values))

    options = {'seed': one(0, 1, 2**32 - 1), 'hidden_size': one(1, 2, 5, 8), 'seq_length': one(1, 3, 8)}
    options |= {'iterations': one(3, 8, 11), 'sample_length': one(0, 1, 20), 'sample_every': one(1, 4)}
    options |= {'print_every': one(1, 3), 'save_every': one(1, 2, 5), 'threads': one(None, 1, 2)}
    options |= {'learning_rate': one(0.1, 0.001), 'engine': one('exact', 'batched', 'batched', 'batched', 'reference')}
    if options['engine'] != 'batched':
        return 'reference', options
    streams = one(1, 2, 6)
    options |= {'streams': streams, 'shards': one(None, 1, streams), 'layers': one(1, 1, 2, 3)}
    options |= dict(zip(('cell', 'dtype'), one(*kernels), strict=True)) | {'dropout': one(0.0, 0.3)}
    options |= {'init': one('gist', 'scaled'), 'optimizer': one(*MOMENTS), 'clip': one(5.0, 0.1)}
    options |= {'schedule': one('constant', 'step', 'cosine', 'linear', 'wsd'), 'warmup': one(0.0, 0.2)}
    options |= {'clip_norm': one(None, 0.5), 'input_rate': one(1.0, 2.0), 'shuffle': one(0, 0, 5)}
    if options['shards'] in (None, 1):
        options |= {'ngrams': one(0, 0, 3), 'ngram_rows': one(1, 10)}
    if options['optimizer'] == 'adam':
        options |= {'weight_decay': one(0.0, 0.1), 'hidden_decay': one(1.0, 3.0)}
    return one('reference', 'fast'), options


held_out = st.sampled_from([None, '0.2', '30%', 'file'])


def cases(*kernels):
    return st.tuples(texts(), configurations(kernels), held_out, st.integers(1, 7), st.sampled_from([None, 2]))


FOLDED_BYTES = (
    (b'abcab\n' * 100 + b'\xc3\xa9xyz', {'encoding': 'utf-8', 'errors': 'strict', 'unit': 'byte', 'min_count': 2}),
    ('reference', {'seed': 0, 'hidden_size': 4, 'seq_length': 4, 'iterations': 8, 'save_every': 2, 'print_every': 1}),
)


def check(folder, monkeypatch, text, configuration, validation, stop, patience):
    """Every use of one run."""
    one_by_one(monkeypatch)
    monkeypatch.setattr('os.fsync', lambda _: None)  # nothing crashes here
    data, reading = text
    name, options = configuration
    folder = folder / str(len(list(folder.iterdir())))
    folder.mkdir()
    file = folder / 'text'
    file.write_bytes(data)
    if validation == 'file':
        validation = folder / 'held_out'
        validation.write_bytes(data[: len(data) // 2])
    whole, stopped = folder / 'whole', folder / 'stopped'
    options = {**options, 'validate_every': 3, 'patience': patience if validation else None}
    try:
        files, config = Texts.of(file, validation=validation, **reading), preset(name, **options)
        session = fastrnn.start(whole, files, config)
    except ValueError:  # refused before it trains
        assume(False)
    try:
        list(session)
    except fastrnn.Diverged:
        assume(False)
    session.save(folder / 'model')
    best = session.best_model
    session.close()

    run_to(fastrnn.start(stopped, files, config), stop)  # resumed: every bit
    run_to(fastrnn.resume(stopped))
    assert contents(stopped) == contents(whole)

    model = fastrnn.load_model(folder / 'model')  # read
    assert model.params == fastrnn.load_model(whole).params == best.params
    assert (model.chars, model.unit) == (best.chars, best.unit) == (session.run.text.corpus.chars, reading['unit'])
    use(folder, model, file, {name: reading[name] for name in ('encoding', 'errors')})

    kept = ('hidden_size', 'cell', 'layers', 'ngrams', 'ngram_rows')  # by the model
    options = {name: value for name, value in options.items() if value is not None and name not in kept}
    begun = fastrnn.train(file, weights=model, **reading, **options | {'iterations': 2})  # begun from
    list(begun)
    begun.save(folder / 'again')
    assert set(fastrnn.load_model(folder / 'again').chars) == set(model.chars)


def use(folder, model, file, reading):
    """Everything that a model that was read can do, without a NaN and without a trace of the wrong unit."""
    assert len(sampled(model, 20, seed=0)) <= 20
    if '\ufffd' in model.chars:  # which stands for what is unknown
        assert len(sampled(model, 5, seed=0, prime=UNKNOWN, temperature=0.5)) <= 5
        assert math.isfinite(fastrnn.evaluate(model, UNKNOWN).bits_per_character)
    assert [len(one) <= 7 for one in fastrnn.samples(model, 3, 7, seed=0)] == [True] * 3
    evaluation = fastrnn.evaluate(model, file, **reading)
    assert all(math.isfinite(value) for value in vars(evaluation).values() if value is not None)
    scored = fastrnn.surprisals(model, file, **reading)
    assert math.isclose(scored.bits_per_character, evaluation.bits_per_character, rel_tol=1e-9, abs_tol=1e-9)
    for quantize in (False, True):
        path = folder / f'page{quantize}.html'
        exported = fastrnn.export(model, path, quantize, **({'text': file} if quantize and reads(file) else {}))
        page = path.read_text(encoding='utf-8')
        facts = json.loads(re.search(r'id="facts">(.*?)</script>', page, re.DOTALL)[1])
        assert facts['points'] == [ord(char) for char in model.chars] and exported.size == path.stat().st_size


def reads(file):
    """Whether export, which knows no encodings, can read it."""
    try:
        file.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


QUICK = settings(max_examples=12)
LONG = settings(max_examples=80)


@QUICK
@given(cases(*KERNELS))
@example((*FOLDED_BYTES, '0.2', 4, None))
def test_whatever_trains_can_be_used(tmp_path, cache_root, monkeypatch, case):
    check(tmp_path, monkeypatch, *case)


@pytest.mark.long
@LONG
@given(cases(*KERNELS, ('gru', 'float64'), ('lstm', 'float64')))
def test_many_more(tmp_path, cache_root, monkeypatch, case):
    check(tmp_path, monkeypatch, *case)
