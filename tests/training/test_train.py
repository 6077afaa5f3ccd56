"""fastrnn.train in a notebook: the command's options, texts and paths, and what a run prints."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers import SONNETS

import fastrnn
from fastrnn.data.corpus import Corpus
from fastrnn.settings.config import Config

TEXT = SONNETS.read_text(encoding='utf-8')
SMALL = {'seed': 0, 'hidden_size': 8, 'iterations': 30}


def test_a_str_is_text_and_a_path_names_a_file(monkeypatch):
    monkeypatch.chdir(SONNETS.parent)
    by_text, by_path, by_paths = (due(fastrnn.train(text, **SMALL)) for text in (TEXT, SONNETS, [SONNETS]))
    assert by_text == by_path == by_paths
    model = fastrnn.train(TEXT, **SMALL).model
    for use in (
        lambda name: fastrnn.train(name, **SMALL),
        lambda name: fastrnn.evaluate(model, name),
        lambda name: fastrnn.surprisals(model, name),
    ):
        with pytest.raises(
            ValueError, match=r"the str 'sonnets.txt', but a file has that name: to read the file, pass Path\('sonn"
        ):
            use('sonnets.txt')
    assert fastrnn.evaluate(model, Path('sonnets.txt')) == fastrnn.evaluate(model, TEXT)


def due(run):
    """Records between two reports come by time."""
    return [record for record in run if record.report or record.last]


def test_the_commands_options(tmp_path):
    """train and start have the same options as the command, and make the same run."""
    options = {'preset': 'fast', 'validation': 0.1, 'encoding': 'utf-8', 'errors': 'replace', 'unit': 'byte'}
    options |= {'min_count': 2, 'streams': 2, 'seq_length': 8, **SMALL}
    in_memory = fastrnn.train(SONNETS, **options)
    with fastrnn.start(tmp_path / 'run', SONNETS, **options) as kept:
        assert due(in_memory) == due(kept)
    of_text = fastrnn.train(TEXT, **{key: options[key] for key in options if key not in ('encoding', 'errors')})
    assert due(of_text) == due(fastrnn.train(SONNETS, **options))
    assert in_memory.text.corpus.chars == of_text.text.corpus.chars
    assert in_memory.text.corpus.folded_count == of_text.text.corpus.folded_count > 0
    assert fastrnn.train(TEXT, time='1m30s').job.time == 90 == fastrnn.preset('fast', time='90s').time


def test_held_out_text():
    """A share, a text, a path, ids."""
    cut = len(TEXT) * 9 // 10
    last = fastrnn.train(TEXT, validation=TEXT[cut:], **SMALL)
    for share in (0.1, '10%', np.float64(0.1)):
        run = fastrnn.train(TEXT, validation=share, **SMALL)
        assert run.text.corpus.ids.size == cut and run.text.held_out.size == len(TEXT) - cut
    assert due(run)[-1].validation == pytest.approx(due(last)[-1].validation, rel=0.1)
    by_path = fastrnn.train(TEXT, validation=SONNETS, **SMALL)
    assert np.array_equal(by_path.text.held_out, by_path.text.corpus.ids)
    assert due(fastrnn.train(TEXT, validation=by_path.text.corpus.ids, **SMALL)) == due(by_path)


def test_another_loop_continues_the_run(tmp_path):
    whole = due(fastrnn.train(TEXT, **SMALL))
    with fastrnn.train(TEXT, **SMALL) as run:
        first = [next(run)]
        for record in run:
            first.append(record)
            break
        run.close()  # releases only threads
        rest = list(run)
    assert due(first + rest) == whole
    run.save(tmp_path / 'model')
    assert fastrnn.load_model(tmp_path / 'model') == run.model


def test_representations(tmp_path):
    run, V = fastrnn.train(TEXT, **SMALL), len(set(TEXT))
    assert repr(run) == f'<fastrnn.Run: exact engine, H=8, V={V}, iteration 0 of 30>'
    assert repr(run.model) == f'<fastrnn.Model: H=8, {V} characters, float64>'
    with fastrnn.start(tmp_path / 'run', SONNETS, **SMALL) as kept:
        assert repr(kept) == f'<fastrnn.Session: {tmp_path / "run"}, exact engine, H=8, V={V}, iteration 0 of 30>'
    assert repr(kept).endswith(', closed>')
    assert repr(run.job).startswith("Job(cell='rnn', layers=1, hidden_size=8, ")
    assert repr(run.text.corpus) == f'<fastrnn.Corpus: {len(TEXT):,} characters, {V} unique>'


def test_runs_cannot_be_copied():
    for again in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be pickled or copied: use its model"):
            again(fastrnn.train(TEXT, **SMALL))


def test_three_lines():
    import fastrnn

    for record in fastrnn.train(fastrnn.read_text(SONNETS), seed=0, iterations=3):
        assert record.bits_per_character > 0


def test_config_or_options():
    assert fastrnn.Config is Config
    (record,) = fastrnn.train(Corpus.of(TEXT), Config(iterations=1))
    assert record.iteration == 0 and record.report
    with pytest.raises(ValueError, match='give config or options, not both: seed'):
        fastrnn.train(TEXT, Config(), seed=1)
    with pytest.raises(TypeError, match='colour'):
        fastrnn.train(TEXT, colour=1)


def test_bad_input_is_refused_at_the_call():
    """Before the first record is requested."""
    with pytest.raises(ValueError, match='hidden_size is 0'):
        fastrnn.train(TEXT, hidden_size=0)
    with pytest.raises(ValueError, match='the text has 3 characters'):
        fastrnn.train('abc')
