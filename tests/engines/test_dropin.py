"""fastrnn.bind in a user's own script."""

import re
import sys

import numpy as np
import pytest
from helpers import SONNETS, SUPPORT, random_model, run_python, same_bits

import fastrnn
from fastrnn import reference

H, V = 9, 6
INPUTS, TARGETS = [0, 2, 5, 2, 1], [2, 5, 2, 1, 3]
SCRIPT, DIFF = SUPPORT / 'gist_script.py', SUPPORT / 'gist.diff'


@pytest.fixture
def model():
    return random_model(H, V, 4, 0.5)


@pytest.fixture
def hprev():
    return np.full((H, 1), 0.25)


def patched(text, diff):
    """``text`` with a unified diff applied; each hunk's old lines must occur exactly once."""
    for hunk in re.split(r'^@@.*@@.*\n', diff, flags=re.M)[1:]:
        lines = hunk.splitlines(keepends=True)
        old, new = (''.join(line[1:] for line in lines if line[0] in side) for side in (' -', ' +'))
        assert text.count(old) == 1, hunk
        text = text.replace(old, new)
    return text


def test_the_script_prints_the_same_after_three_changed_lines(tmp_path):
    diff = DIFF.read_text()
    for sign in '+-':
        assert len(re.findall(rf'^\{sign}(?!\{sign}\{sign} )', diff, flags=re.M)) <= 3
    changed = tmp_path / 'changed.py'
    changed.write_text(patched(SCRIPT.read_text(), diff))
    before, after = (run_python(script, SONNETS, 401) for script in (SCRIPT, changed))
    assert before.returncode == after.returncode == 0, after.stderr.decode()
    assert before.stdout.count(b'loss') == 5 and b'fastrnn' in changed.read_bytes()
    assert after.stdout == before.stdout


SAVED = """
fastrnn.save_model(sys.argv[3], fastrnn.Model.from_arrays(chars, Wxh=Wxh, Whh=Whh, Why=Why, bh=bh, by=by))
np.random.seed(7)
ixes = sample(np.zeros((hidden_size, 1)), char_to_ix['\\n'], 300)
print(''.join(ix_to_char[ix] for ix in ixes), end='')
"""


def test_what_the_script_trained_becomes_a_file(tmp_path, cli):
    """From which the commands draw what the script itself draws."""
    script, file = tmp_path / 'script.py', tmp_path / 'model.safetensors'
    script.write_text(patched(SCRIPT.read_text(), DIFF.read_text()) + SAVED)
    done = run_python(script, SONNETS, 150, file)
    assert done.returncode == 0, done.stderr.decode()
    code, out, _ = cli('sample', file, '--seed', 7, '--length', 300)
    drawn = out.removesuffix('\n')
    assert code == 0 and len(drawn) >= 299 and done.stdout.decode().endswith(drawn)
    for command in (
        ('eval', file, SONNETS),
        ('score', file, SONNETS),
        ('export', file, '--html', tmp_path / 'page.html'),
    ):
        assert cli(*command)[0] == 0


def test_the_reference_prints_what_the_script_prints(capsys, monkeypatch):
    """The reference is the oracle of other tests; here it is compared with the gist itself."""
    monkeypatch.setattr(sys, 'argv', ['gist_script.py', str(SONNETS), '101'])
    exec(compile(SCRIPT.read_text(), str(SCRIPT), 'exec'), {'__name__': '__main__'})
    printed = capsys.readouterr().out
    reference.train(SONNETS.read_text(encoding='utf-8'), seed=0, iterations=101)
    assert capsys.readouterr().out == printed


def test_results_stay_valid(model, hprev):
    lossFun, _, _ = fastrnn.bind(*model)
    first = lossFun(INPUTS, TARGETS, hprev)
    kept = [np.copy(result) for result in first]
    second = lossFun(TARGETS, INPUTS, hprev)
    assert all(same_bits(a, b) for a, b in zip(first, kept, strict=True))
    assert not any(np.shares_memory(a, b) for a in first[1:] for b in second[1:])
    assert not any(np.shares_memory(a, b) for a in first[1:] for b in (*model, hprev))


def test_the_state_may_be_fed_back(model, hprev):
    lossFun, _, _ = fastrnn.bind(*model)
    h, expected = hprev, hprev
    for inputs, targets in ((INPUTS, TARGETS), (TARGETS, INPUTS), (INPUTS[:2], TARGETS[:2]), ([3], [4])):
        *_, h = lossFun(inputs, targets, h)
        *_, expected = reference.lossFun(inputs, targets, expected, model)
        assert same_bits(h, expected)


def test_out_buffers_are_used(model, hprev):
    lossFun, _, _ = fastrnn.bind(*model)
    out = [np.full(array.shape, np.nan) for array in (*model, hprev)]
    loss, *results = lossFun(INPUTS, TARGETS, hprev, out=out)
    assert all(result is buffer for result, buffer in zip(results, out, strict=True))
    for result, expected in zip((loss, *out), reference.lossFun(INPUTS, TARGETS, hprev, model), strict=True):
        assert same_bits(result, expected)
    for steps in (len(INPUTS), 1):  # another character, equal and smaller T: no remains of the previous call
        lossFun([1] * steps, [1] * steps, hprev, out=out)
        for result, expected in zip(out, reference.lossFun([1] * steps, [1] * steps, hprev, model)[1:], strict=True):
            assert same_bits(result, expected)


def test_hprev_may_be_its_own_out_buffer(model, hprev):
    """As in a script that reuses hprev."""
    expected = reference.lossFun(INPUTS, TARGETS, hprev, model)
    out = [*(np.zeros_like(param) for param in model), hprev]
    assert same_bits(fastrnn.bind(*model).lossFun(INPUTS, TARGETS, hprev, out)[6], expected[6])


def test_results_have_the_gists_shapes_and_types(model, hprev):
    loss, *results = fastrnn.bind(*model).lossFun(INPUTS, TARGETS, hprev)
    assert isinstance(loss, np.float64)
    assert [result.shape for result in results] == [(H, V), (H, H), (V, H), (H, 1), (V, 1), (H, 1)]
    assert all(result.flags.c_contiguous and result.flags.writeable for result in results)
    assert all(type(ix) is int for ix in fastrnn.bind(*model).sample(hprev, 0, 5))


@pytest.mark.parametrize('kind', [list, tuple, *'bBhHiIlLqQ'])
def test_indices_of_any_integer_type(model, hprev, kind):
    if isinstance(kind, str):
        inputs, targets = np.array(INPUTS, kind), np.array(TARGETS, kind)
    else:
        inputs, targets = kind(INPUTS), kind(TARGETS)
    expected = reference.lossFun(INPUTS, TARGETS, hprev, model)
    for result, wanted in zip(fastrnn.bind(*model).lossFun(inputs, targets, hprev), expected, strict=True):
        assert same_bits(result, wanted)
    np.random.seed(1)
    expected = reference.sample(hprev, INPUTS[1], 8, model)
    np.random.seed(1)
    assert fastrnn.bind(*model).sample(hprev, inputs[1], 8) == expected


def test_strided_indices(model, hprev):
    """Every other element of an array, and a list of NumPy's integers."""
    wide = np.repeat(INPUTS, 2)[::2]
    expected = reference.lossFun(INPUTS, TARGETS, hprev, model)
    results = fastrnn.bind(*model).lossFun(wide, [np.int64(ix) for ix in TARGETS], hprev)
    assert all(same_bits(a, b) for a, b in zip(results, expected, strict=True))


def test_in_place_changes_of_the_scripts_arrays_are_seen(model, hprev):
    """Changes by the script or by the Adagrad step count from the next call on."""
    lossFun, sample, _ = fastrnn.bind(*model)
    lossFun(INPUTS, TARGETS, hprev)
    for param in model:
        param *= 1.5
    expected = reference.lossFun(INPUTS, TARGETS, hprev, model)
    assert all(same_bits(a, b) for a, b in zip(lossFun(INPUTS, TARGETS, hprev), expected, strict=True))
    model[0][:] = np.random.default_rng(0).standard_normal((H, V))
    np.random.seed(1)
    wanted = reference.sample(hprev, 0, 30, model)
    np.random.seed(1)
    assert sample(hprev, 0, 30) == wanted


def test_arguments_are_not_changed(model, hprev):
    lossFun, sample, _ = fastrnn.bind(*model)
    kept = [np.copy(array) for array in (*model, hprev)]
    inputs = list(INPUTS)
    lossFun(inputs, TARGETS, hprev)
    sample(hprev, 0, 10)
    assert inputs == INPUTS
    assert all(same_bits(a, b) for a, b in zip((*model, hprev), kept, strict=True))


def test_a_read_only_state_is_accepted(model, hprev):
    hprev.flags.writeable = False
    result = fastrnn.bind(*model).lossFun(INPUTS, TARGETS, hprev)[0]
    assert same_bits(result, reference.lossFun(INPUTS, TARGETS, hprev, model)[0])


def test_two_bound_models_do_not_mix(model, hprev):
    other = random_model(H, V, 8, 0.5)
    one, two = fastrnn.bind(*model).lossFun, fastrnn.bind(*other).lossFun
    for _ in range(2):
        assert same_bits(one(INPUTS, TARGETS, hprev)[2], reference.lossFun(INPUTS, TARGETS, hprev, model)[2])
        assert same_bits(two(INPUTS, TARGETS, hprev)[2], reference.lossFun(INPUTS, TARGETS, hprev, other)[2])
