"""What the scripts of bench/ decide, without their measurements; those are in test_bench.py."""

import curves
import large
import peers_timing
import pytest
import versus
import versus_rows
from helpers import SONNETS
from store import Store
from versus_cases import STAGES, Recipe, Stage, search, stages

import fastrnn
from fastrnn.runs.saver import Saver
from fastrnn.training.blocks import Block

# --- versus ---------------------------------------------------------------------------------------------------------


def test_the_search_takes_what_helps():
    """Of two starts the second is the better one in the end."""
    bits = {('lstm', 128): 2.1, ('gru', 128): 2.2}

    def result(recipe):
        helps = 0.3 * (recipe.T == 16) - 0.1 * (recipe.B == 16) if recipe.cell == 'gru' else 0.1 * (recipe.rate > 0.02)
        return bits.get((recipe.cell, recipe.H), 3.0) - helps

    models = ({'cell': 'lstm', 'H': 128}, {'cell': 'gru', 'H': 128}, {'H': 64})
    stage = Stage(models, ({'B': 0.5}, {'T': 0.5}, {'rate': 2}))
    assert search(stage, Recipe(), result) == Recipe('gru', 128, T=16)


def test_a_stage_goes_on_with_the_best_of_the_stage_before():
    base = Recipe('gru', 64, rate=0.01, B=8, T=48)
    found = search(Stage(({'cell': 'lstm', 'H': 256, 'rate': 0.5},), ({'dropout': 0.2},)), base, lambda _: 2.0)
    assert found == Recipe('lstm', 256, rate=0.005, B=8, T=48)


@pytest.mark.parametrize('helps', [False, True])
def test_the_search_ends_in_time(helps):
    """Whatever it finds; half a second and more is for each evaluation, and the last run of a stage is bfloat16's."""
    total = 0.0
    for seconds, stage in STAGES.items():
        tried = {}
        search(stage, Recipe(), lambda recipe, tried=tried: tried.setdefault(recipe, -len(tried) if helps else 0))
        total += (len(tried) + 1) * (seconds + 2)
    assert total < 25 * 60


def test_as_good_is_the_median_of_the_seeds():
    calls = []

    def run(seconds, seed):
        calls.append((seconds, seed))
        return {'bits': 3 - seconds / 10 + 0.02 * seed, 'seconds': seconds}

    found = versus.needed(12.0, 2.83, run)
    assert found == {'bits': pytest.approx(2.82), 'seconds': 2.0}
    assert calls[:4] == [(0.75, 0), (0.75, 1), (1.33, 0), (1.33, 1)]  # two of three are worse
    assert calls[-3:] == [(2.0, 0), (2.0, 1), (2.0, 2)]
    assert versus.needed(12.0, 1.0, run) is None


def test_a_row_says_both_sides():
    theirs = {'bits': 2.2104, 'epochs': 3.25}
    ours = {'bits': 2.2051, 'seconds': 7.5, 'process': 8.2, 'model': 'gru H=192'}
    row = versus_rows.row(30.0, Recipe(dropout=0.2, bfloat16=True), theirs, ours)
    recipe = 'LSTM 128, B = 32, T = 32, rate 0.016, dropout 0.2, bfloat16'
    expected = f'| 30 s | {recipe}: 3.2 epochs | 2.210 | **7.5 s** (whole process: 8.2 s) | gru H=192 | 2.205 |'
    assert row == f'{expected} **4.0x** (3.7x) |'
    assert versus_rows.row(30.0, Recipe(), theirs, None).endswith('| 2.210 | more than 30 s |  |  |  |')


def test_a_row_of_a_large_text_says_what_the_same_time_gives():
    theirs = {'bits': 2.4004, 'epochs': 0.125, 'process': 66.0}
    same = {'bits': 2.2004, 'process': 61.0, 'model': 'lstm H=320'}
    ours = {'bits': 2.39, 'seconds': 20.0, 'process': 22.0}
    row = versus_rows.large_row(60.0, Recipe(B=64), theirs, same, ours)
    expected = '| 60 s | LSTM 128, B = 64, T = 32, rate 0.016: 0.12 epochs (whole process: 66.0 s) | 2.400 | '
    expected += 'lstm H=320 (whole process: 61.0 s) | 2.200 | **0.200** | **20.0 s** (whole process: 22.0 s) | '
    assert row == expected + '**3.0x** (3.0x) |'
    assert versus_rows.large_row(60.0, Recipe(), theirs, same, None).endswith('| more than 60 s |  |')


def test_of_a_large_text_little_is_tried_for_minutes():
    tried = {}

    def bits(recipe):
        return tried.setdefault(recipe, 3 - 0.001 * recipe.B)

    best = Recipe()
    for seconds, stage in stages([20.0, 60.0, 600.0]).items():
        tried.clear()
        best = search(stage, best, bits)
        assert len(tried) <= {20.0: 18, 60.0: 10, 600.0: 3}[seconds]
        if seconds == 20.0:
            assert best.B == 128
    assert Recipe(H=128).changed({'width': 2, 'rate': 0.5}) == Recipe(H=256, rate=0.008)


def test_bfloat16_is_tried_for_minutes_only_if_it_helped(monkeypatch, tmp_path):
    """A row of its own if it is better."""
    tried = []

    def peer(text, recipe, seconds):
        tried.append((seconds, recipe.bfloat16))
        return {'bits': 2.0 + 0.1 * recipe.bfloat16 * (seconds < 3)}

    path = tmp_path / 'text.txt'
    path.write_text('text', encoding='utf-8')
    monkeypatch.setattr(versus, 'peer', peer)
    runs = versus.Runs(versus.Text(path, '2%'), Store(tmp_path / 'store.jsonl'))
    stage = Stage(({},), ())
    assert [len(recipes) for _, recipes in runs.searched({2.0: stage, 400.0: stage})] == [1, 1]
    assert tried == [(2.0, False), (2.0, True), (400.0, False)]


# --- peers ----------------------------------------------------------------------------------------------------------


def test_a_processor_that_kernels_are_compiled_for_is_named(monkeypatch):
    monkeypatch.setattr(peers_timing.jit, 'CPU', 'znver3')
    monkeypatch.setattr(peers_timing.jit, 'FEATURES', '+fma,+avx2,-avx512f')
    assert peers_timing.processor().endswith(', kernels compiled for another: znver3, AVX2')


# --- large ----------------------------------------------------------------------------------------------------------


def test_clocks_see_validations_and_checkpoints(tmp_path):
    before = Block.read_piece, Saver.save
    with large.clocks() as seconds:
        assert Block.read_piece is not before[0] and Saver.save is not before[1]
        run = fastrnn.start(tmp_path / 'run', SONNETS, validation=0.1, seed=0, iterations=3)
        with run:
            assert [record.last for record in run][-1]
    assert (Block.read_piece, Saver.save) == before
    assert set(seconds) == {'training', 'validations', 'checkpoints'}
    assert 0 < seconds['validations'] + seconds['checkpoints'] < seconds['training']


def test_promises(monkeypatch):
    monkeypatch.setattr('os.cpu_count', lambda: 2)

    def kept(rate=200.0, **changes):
        values = {'wall': 100.0, 'busy': 186.0, 'peak': 305.0, 'told': 5.0, 'first': 30.0}
        seconds = {'training': 99.0, 'validations': 4.0, 'checkpoints': 4.0} | changes.pop('seconds', {})
        return [good for _, good in large.promises(large.Process(**values | changes, seconds=seconds), rate)]

    def broken(number):
        return [k != number for k in range(6)]

    assert kept() == [True] * 6
    assert kept(rate=199.0) == broken(0)
    assert kept(first=31.0) == broken(1)
    assert kept(busy=184.0) == broken(2)
    assert kept(peak=306.0) == broken(3)
    assert kept(seconds={'validations': 5.0}) == broken(4)
    assert kept(seconds={'checkpoints': 5.0}) == broken(5)


# --- curves ---------------------------------------------------------------------------------------------------------


def test_what_was_trained_is_not_trained_again(tmp_path):
    """Unless it was interrupted, or was something else."""
    folder, trained = tmp_path / 'run', []

    def train(place):
        assert not place.exists()
        place.mkdir()
        trained.append(place)

    folder.mkdir()
    curves.complete(folder, 'text, 60 s', train)
    curves.complete(folder, 'text, 60 s', train)
    assert trained == [folder]
    curves.complete(folder, 'text, 30 s', train)
    assert trained == [folder, folder]
