"""Run folders and models from others: links, pipes, and contents that a check alone does not tell from ours."""

import json
import os
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from crafted import JSON, craft
from helpers import SONNETS
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import begin, contents, iterations, run_to, state_of

import fastrnn
from fastrnn.model.checkpoint import BEST, _check, _read, checkpoints, load_checkpoint, load_model
from fastrnn.runs.curves import read_run


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made / 'exact', tmp_path / 'run')


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', ['config.json', 'log.jsonl', 'lock'])
def test_links_are_not_followed(run, tmp_path, name):
    """Nor is a link for which there is no file."""
    target = tmp_path / 'target'
    for there in (True, False):
        (run / name).unlink(missing_ok=True)
        if there:
            target.write_text('precious')
        (run / name).symlink_to(target)
        if name != 'config.json' or there:
            with pytest.raises(ValueError, match=f'{name}: is a link; put the run'):
                fastrnn.resume(run)
        assert target.read_text() == 'precious' if there else not target.exists()
        target.unlink(missing_ok=True)


def test_a_new_run_follows_no_links(tmp_path):
    for name in ('log.jsonl', 'lock'):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).symlink_to(tmp_path / 'target')
        with pytest.raises(ValueError, match=f'{name}: is a link'):
            begin(tmp_path / name)
    assert not (tmp_path / 'target').exists()


@pytest.mark.parametrize('name', ['config.json', 'log.jsonl', 'lock', 'checkpoint-000000030.safetensors', BEST])
def test_pipes_are_not_waited_for(run, name):
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    if name != BEST:
        with pytest.raises(
            ValueError, match=rf'^{run}(/{re.escape(name)}: is no regular file; |: its config.json is gone; )'
        ):
            fastrnn.resume(run)
    if name == BEST:
        with pytest.raises(ValueError, match='is no regular file; '):
            load_model(run)
    if name.endswith(('.json', '.jsonl')):
        with pytest.raises(ValueError, match='is no file; name a folder made by'):
            read_run(run)


def test_a_link_that_comes_later(run, tmp_path, monkeypatch):
    """While the run goes on."""
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    (tmp_path / 'target').write_text('precious')
    session = fastrnn.resume(run, iterations=60)
    (run / 'log.jsonl').unlink()
    (run / 'log.jsonl').symlink_to(tmp_path / 'target')
    with pytest.raises(OSError, match='cannot be written'):
        list(session)
    assert (tmp_path / 'target').read_text() == 'precious'


def test_a_backup_by_hard_links_stays(run, tmp_path):
    backup = shutil.copytree(run, tmp_path / 'backup', copy_function=os.link)
    before = contents(backup)
    run_to(fastrnn.resume(run, iterations=40))
    assert contents(backup) == before != contents(run)


def test_a_text_that_is_no_file(run, tmp_path):
    """It is read only where its user names it."""
    facts = json.loads((run / 'config.json').read_text())
    for name in ('/dev/zero', str(tmp_path / 'pipe')):
        (tmp_path / 'pipe').exists() or os.mkfifo(tmp_path / 'pipe')
        facts['text']['files'] = [name]
        (run / 'config.json').write_text(json.dumps(facts))
        with pytest.raises(
            ValueError, match=f'^{name}: is not a regular file, as {run} says; name the text yourself: '
        ):
            fastrnn.resume(run)
    fastrnn.resume(run, SONNETS).close()


def test_a_held_out_text_that_is_no_file(tmp_path):
    """It is the run folder's even where the user names the text."""
    (tmp_path / 'held_out').write_text('Shall I compare thee')
    run = run_to(begin(tmp_path / 'run', validation=tmp_path / 'held_out', iterations=6)).folder.path
    (tmp_path / 'held_out').unlink()
    os.mkfifo(tmp_path / 'held_out')
    for files in (None, SONNETS):
        with pytest.raises(ValueError, match=r'held_out: is not a regular file, as .*run says; put the held-out text'):
            fastrnn.resume(run, files)


def test_going_back_to_what_was_set_aside(run):
    """Loses nothing either: neither the checkpoint that has its iteration now, nor the log."""
    log = (run / 'log.jsonl').read_text()
    first, *_, last = checkpoints(run)
    run_to(fastrnn.resume(first))
    assert (run / 'log.superseded').read_text() == log
    now = last.read_bytes()  # of the same iteration, at another time
    aside = last.with_suffix('.superseded')
    assert now != aside.read_bytes()
    fastrnn.resume(aside).close()
    assert last.read_bytes() == aside.read_bytes()
    assert (run / f'{aside.name}-2').read_bytes() == now
    fastrnn.resume(aside).close()
    assert not (run / f'{aside.name}-3').exists()


def test_a_log_that_is_shorter_than_it_was(run):
    """What is counted is what is there, so that a later cut is at the right line."""
    lines = (run / 'log.jsonl').read_text().splitlines(keepends=True)
    (run / 'log.jsonl').write_text(''.join(lines[:3]))
    run_to(fastrnn.resume(run, iterations=40))
    assert state_of(checkpoints(run)[-1])[1][7] == len((run / 'log.jsonl').read_text().splitlines()) > 3


def test_superseded_files_stay(run):
    """However often an older checkpoint is gone on from."""
    kept = {}
    for _ in range(3):
        chosen = checkpoints(run)[0]
        newest = checkpoints(run)[-1]
        kept[newest.read_bytes()] = newest.name
        fastrnn.resume(chosen).close()
        run_to(fastrnn.resume(run, iterations=len(kept) + 31))
    found = {path.read_bytes() for path in run.glob('*.superseded*')}
    assert len(kept) == 3 and found >= set(kept)
    assert iterations(run)[-1] == 34


# --- models with a valid check --------------------------------------------------------------------------------------


def refused(path, load):
    with pytest.raises(ValueError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f'{path}: ') and '\n' not in message and len(message) < 400 + len(str(path)), message
    return message


def sizes(H, V):
    return {'Wxh': (H, V), 'Whh': (H, H), 'Why': (V, H), 'bh': (H, 1), 'by': (V, 1)}


@pytest.mark.parametrize(
    ('metadata', 'words'),
    [
        ({'format': '9' * 5000}, 'of a newer fastrnn'),
        ({'format': '2'}, 'format 2 of a newer fastrnn'),
        ({'format': 'x'}, 'its format is no number'),
        ({'format': '\u0661'}, 'its format is no number'),
        ({'unit': 'word'}, "the unit 'word'"),
        ({'unit': 'byte', 'vocabulary': None}, "the unit 'byte', or a character that it has not"),
    ],
)
def test_crafted_metadata(made, tmp_path, metadata, words):
    source = checkpoints(made / 'exact')[-1]
    if metadata.get('vocabulary', '') is None:
        chars = json.loads(_read(source)[1]['vocabulary'])
        metadata = {**metadata, 'vocabulary': json.dumps([*chars[:-1], '\u20ac'])}
    for load in (load_model, load_checkpoint):
        assert words in refused(craft(source, tmp_path / 'x', metadata=metadata), load)


@pytest.mark.parametrize(('H', 'V'), [(0, 5), (5, 0), (0, 0)])
def test_sizes_of_nothing(made, tmp_path, H, V):
    tensors = {name: np.zeros(shape) for name, shape in sizes(H, V).items()}
    vocabulary = json.dumps([chr(97 + k) for k in range(V)])
    path = craft(checkpoints(made / 'exact')[-1], tmp_path / 'x', tensors, {'vocabulary': vocabulary})
    assert f'{H} hidden units, {V} characters' in refused(path, load_model)


@pytest.mark.parametrize(
    ('name', 'without', 'tensors'),
    [
        ('exact', ['mWhh'], {}),
        ('fast', ['vWxh'], {}),
        ('fast', ['vWxh', 'vWhh', 'vWhy', 'vbh', 'vby'], {}),
        ('exact', ['hprev'], {}),
        ('exact', [], {'hprev': np.zeros((16, 3))}),
        ('fast', [], {'hprev': np.zeros((16, 1), np.float32)}),
        ('exact', [], {'hprev': np.zeros((1, 1))}),
        ('exact', [], {'more': np.zeros(3)}),
        ('fast', [], {'mWhh': np.zeros((16, 16))}),
    ],
)
def test_crafted_tensors(made, tmp_path, name, without, tensors):
    """A state is refused; the weights beside it may still be good."""
    path = craft(checkpoints(made / name)[-1], tmp_path / 'x', tensors, without=without)
    refused(path, load_checkpoint)
    assert load_model(path).params.H == 16


@pytest.mark.parametrize('change', [{'streams': 2}, {'optimizer': 'adam'}, {'dtype': 'float32'}, {'hidden_size': 9}])
def test_a_configuration_of_another_run(made, tmp_path, change):
    source = checkpoints(made / 'exact')[-1]
    config = json.loads(_read(source)[1]['config'])
    refused(craft(source, tmp_path / 'x', metadata={'config': json.dumps(config | change)}), load_checkpoint)


@pytest.mark.parametrize(
    'change', [{'has_gauss': 2**40}, {'has_gauss': 2}, {'gauss': float('nan')}, {'pos': 1.5}, {'pos': '3'}, {'pos': -1}]
)
def test_a_generator_that_can_not_be(made, tmp_path, change):
    source = checkpoints(made / 'exact')[-1]
    state = json.loads(_read(source)[1]['state'])
    state['rng'] |= change
    path = craft(source, tmp_path / 'x', metadata={'state': json.dumps(state)})
    assert 'the state of the generator does not fit' in refused(path, load_checkpoint)


@pytest.mark.parametrize('load', [load_model, load_checkpoint])
@pytest.mark.parametrize('name', ['a\0b', 'a\udc80b', 'x' * 5000])
def test_names_that_no_file_can_have(load, name):
    refused(Path(name), load)


def crafted(made, data):
    """A file of which one thing is another."""
    source = checkpoints(made / data.draw(st.sampled_from(['exact', 'fast'])))[-1]
    tensors, facts = _read(source)
    if data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(tensors)))
        shape = data.draw(st.lists(st.integers(0, 20), max_size=3))
        kind = data.draw(st.sampled_from(['f4', 'f8', 'i8', 'u4', 'u1']))
        return craft(source, made / 'x', {name: np.full(shape, data.draw(st.sampled_from([0, 1])), kind)})
    name = data.draw(st.sampled_from(sorted(facts)))
    value, place = data.draw(JSON), None
    if name in ('config', 'state', 'text') and data.draw(st.booleans()):
        place = json.loads(facts[name])
        place[data.draw(st.sampled_from(sorted(place)))] = value
    text = json.dumps(value if place is None else place)
    return craft(source, made / 'x', metadata={name: data.draw(st.sampled_from([text, text[1:], str(value)]))})


def assert_only_documented(made, data):
    path = crafted(made, data)
    for load in (load_model, load_checkpoint):
        try:
            load(path)
        except ValueError as error:
            assert str(error).startswith(f'{path}: ') and '\n' not in str(error)


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
@settings(max_examples=5000)
@given(st.data())
def test_very_many_settings(made, data):
    assert_settings_are_refused_or_right(made, data)


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('keep', float('inf'), 'damaged (cannot convert float infinity to integer)'),
        ('lengthened', [float('inf')], 'damaged (cannot convert float infinity to integer)'),
        ('encoding', 3, 'damaged (encoding 3 is not known; '),
        ('encoding', 'a\0b', r"damaged (encoding 'a\x00b' is not known; "),
        ('errors', None, 'damaged (errors None is not known; '),
        ('unit', ['byte'], "damaged (unit ['byte'] is not known; "),
        ('min_count', 'x', 'damaged (min_count is x; it must be at least 1)'),
    ],
)
def test_settings_that_can_not_be(run, name, value, words):
    facts = json.loads((run / 'config.json').read_text())
    facts[name] = value
    facts['text'] |= {name: value} if name in facts['text'] else {}
    (run / 'config.json').write_text(json.dumps(facts))
    with pytest.raises(ValueError) as caught:
        fastrnn.resume(run)
    assert str(caught.value).startswith(f'{run / "config.json"}: {words}')


@pytest.mark.parametrize('name', ['sha256', 'characters', 'held_out_sha256'])
def test_nothing_from_a_file_commands_the_terminal(run, name, cli):
    """Neither line breaks nor control sequences come out."""
    facts = json.loads((run / 'config.json').read_text())
    facts['identity'][name] = '\x1b[2J\nx'
    (run / 'config.json').write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r'unknown (then|characters)') as caught:
        fastrnn.resume(run)
    assert str(caught.value).isprintable()
    facts['text']['files'] = ['\x1b[2J\nx']
    (run / 'config.json').write_text(json.dumps(facts))
    code, out, err = cli('train', '--resume', run)
    assert (code, out) == (2, '') and err[:-1].isprintable() and err.startswith(r'error: \x1b[2J x: No such file; ')


@settings(max_examples=60)
@given(st.data())
def test_any_crafted_file(made, data):
    assert_only_documented(made, data)


@pytest.mark.long
@settings(max_examples=5000)
@given(st.data())
def test_very_many_crafted_files(made, data):
    assert_only_documented(made, data)


def test_the_check_is_the_files(made):
    """Else the tests above prove nothing."""
    tensors, facts = _read(checkpoints(made / 'exact')[-1])
    assert _check(tensors, facts) != _check(tensors, facts | {'unit': 'byte'})
    assert state_of(checkpoints(made / 'exact')[-1])


@pytest.mark.parametrize('use', [load_model, lambda run: fastrnn.evaluate(load_model(run), SONNETS)])
def test_a_best_that_is_gone_is_told(run, use):
    """The last one is taken then, but not without a word."""
    (run / BEST).unlink()
    with pytest.warns(RuntimeWarning, match=rf'^{run}: its {BEST} is gone, so checkpoint-000000030.safetensors is tak'):
        use(run)


def test_a_best_that_is_gone_where_warnings_are_errors(run):
    (run / BEST).unlink()
    with warnings.catch_warnings(), pytest.raises(RuntimeWarning, match=rf'^{run}: its {BEST} is gone'):
        warnings.simplefilter('error')
        load_model(run)


def test_a_run_that_was_never_validated_has_no_best(tmp_path):
    run_to(begin(tmp_path / 'run', validation=None, iterations=6))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert load_model(tmp_path / 'run').params.H == 16
