"""Of a run folder or a checkpoint one thing is another: refused in one line, or right."""

import json

import numpy as np
import pytest
from crafted import JSON, craft
from hypothesis import given, settings
from hypothesis import strategies as st
from models import checkpoint_of, model_of

import fastrnn
from fastrnn.model.architecture import CELLS
from fastrnn.model.checkpoint import load_checkpoint, load_model, save_checkpoint
from fastrnn.model.run_files import checkpoints
from fastrnn.model.safetensors_file import read


@pytest.fixture(scope='module')
def files(made):
    """Checkpoints of runs, and of each cell."""
    found = [checkpoints(made / name)[-1] for name in ('exact', 'fast')]
    for cell, layers in (('rnn', 3), ('gru', 1), ('lstm', 2)):
        found.append(made / f'{layers} {cell}')
        save_checkpoint(found[-1], checkpoint_of(model_of('abcd', 4, 'float32', cell, layers)))
    return found


def crafted(made, files, data):
    """A file of which one thing is another."""
    source = data.draw(st.sampled_from(files))
    tensors, facts = read(source)
    if data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(tensors)))
        shape = data.draw(st.lists(st.integers(0, 20), max_size=3))
        kind = data.draw(st.sampled_from(['f4', 'f8', 'i8', 'u4', 'u1']))
        return craft(source, made / 'x', {name: np.full(shape, data.draw(st.sampled_from([0, 1])), kind)})
    name = data.draw(st.sampled_from(sorted(facts)))
    value, place = data.draw(JSON | st.sampled_from([*CELLS, *map(str, range(10))])), None
    if name in ('config', 'state', 'text') and data.draw(st.booleans()):
        place = json.loads(facts[name])
        place[data.draw(st.sampled_from(sorted(place)))] = value
    text = json.dumps(value if place is None else place)
    return craft(source, made / 'x', metadata={name: data.draw(st.sampled_from([text, text[1:], str(value)]))})


def assert_only_documented(made, files, data):
    path = crafted(made, files, data)
    for load in (load_model, load_checkpoint):
        try:
            loaded = load(path)
        except ValueError as error:
            assert str(error).startswith(f'{path}: ') and '\n' not in str(error)
        else:
            assert len(loaded.chars) == loaded.params.V if load is load_model else loaded.state.finite


def assert_settings_are_refused_or_right(made, data):
    """Of a config.json of which one thing is another."""
    run = made / data.draw(st.sampled_from(['exact', 'fast']))
    whole = (run / 'config.json').read_text()
    facts = json.loads(whole)
    names = [(name,) for name in facts] + [(name, key) for name in ('text', 'identity') for key in facts[name]]
    *above, name = data.draw(st.sampled_from(names))
    place = facts[above[0]] if above else facts
    place[name] = data.draw(JSON)
    try:
        (run / 'config.json').write_text(json.dumps(facts))
        fastrnn.resume(run, iterations=30).close()
    except (ValueError, OSError) as error:
        assert '\n' not in str(error)
    finally:
        (run / 'config.json').write_text(whole)


@settings(max_examples=60)
@given(st.data())
def test_any_settings(made, data):
    assert_settings_are_refused_or_right(made, data)


@pytest.mark.long
@settings(max_examples=1500)
@given(st.data())
def test_very_many_settings(made, data):
    assert_settings_are_refused_or_right(made, data)


@settings(max_examples=60)
@given(st.data())
def test_any_crafted_file(made, files, data):
    assert_only_documented(made, files, data)


@pytest.mark.long
@settings(max_examples=1500)
@given(st.data())
def test_very_many_crafted_files(made, files, data):
    assert_only_documented(made, files, data)
