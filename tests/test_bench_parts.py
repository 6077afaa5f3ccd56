"""What the scripts of bench/ decide, without their measurements; those are in test_bench.py."""

import hashlib
import io
import zipfile

import cluster
import cluster_model
import cluster_table
import corpora
import curves
import large
import pytest
import versus
from helpers import SONNETS
from versus_cases import STAGES, Recipe, Stage, search

import fastrnn
from fastrnn.model.architecture import Architecture
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
    row = versus.row(30.0, Recipe(dropout=0.2, bfloat16=True), theirs, ours)
    recipe = 'LSTM 128, B = 32, T = 32, rate 0.016, dropout 0.2, bfloat16'
    expected = f'| 30 s | {recipe}: 3.2 epochs | 2.210 | **7.5 s** (whole process: 8.2 s) | gru H=192 | 2.205 |'
    assert row == f'{expected} **4.0x** (3.7x) |'
    assert versus.row(30.0, Recipe(), theirs, None).endswith('| 2.210 | more than 30 s |  |  |  |')


# --- corpora --------------------------------------------------------------------------------------------------------


def wheel(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_modules_are_joined_in_order(monkeypatch):
    members = {'b/z.py': 'z = 1\n', 'a.py': 'é = 2\n', 'b/tests/t.py': 'no', 'b/benchmarks/t.py': 'no', 'a.txt': 'no'}
    text = corpora.joined(wheel(**members))
    assert text.decode() == 'é = 2\n\nz = 1\n'
    with pytest.raises(SystemExit, match='has the SHA-256'):
        corpora.verify(text)
    monkeypatch.setattr(corpora, 'SHA256', hashlib.sha256(text).hexdigest())
    corpora.verify(text)


def test_a_text_is_repeated(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['corpora', str(tmp_path), '--repeat', '5kB', str(SONNETS)])
    corpora.main()
    text = SONNETS.read_bytes()
    assert (tmp_path / 'sonnets-5kB.txt').read_bytes() == text * 4
    assert f'{4 * len(text):,} bytes' in capsys.readouterr().out
    with pytest.raises(SystemExit, match='is no size'):
        corpora.size_of('5')


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
    base = large.Process(wall=2.0, busy=2.0, peak=182.0, told=2.0, seconds={})

    def kept(**changes):
        values = {'wall': 100.0, 'busy': 186.0, 'peak': 285.0, 'told': 5.0}
        seconds = {'training': 99.0, 'validations': 4.0, 'checkpoints': 4.0} | changes.pop('seconds', {})
        return [good for _, good in large.promises(large.Process(**values | changes, seconds=seconds), base, 100.0)]

    assert kept() == [True] * 4
    assert kept(busy=184.0) == [False, True, True, True]
    assert kept(peak=286.0) == [True, False, True, True]
    assert kept(seconds={'validations': 5.0}) == [True, True, False, True]
    assert kept(seconds={'checkpoints': 5.0}) == [True, True, True, False]


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


# --- cluster --------------------------------------------------------------------------------------------------------

FITTED = cluster_model.Fit(latency=30e-6, per_byte=0.4e-9, slower=0.07)
COMPUTE = {streams: 1e-3 * (2 + streams) for streams in (1, 2, 4, 8, 16, 32, 64)}
N = cluster_model.Model(256).parameters(65)


@pytest.mark.parametrize('model', cluster_table.MODELS)
def test_the_model_counts_what_the_architecture_does(model):
    config = fastrnn.Config(engine='batched', cell='lstm', hidden_size=model.H, layers=model.layers, iterations=1)
    assert model.parameters(65) == Architecture.of(config, 65).parameters


@pytest.mark.parametrize('fitted', [FITTED, FITTED._replace(per_byte=0.0), FITTED._replace(slower=0.0)])
def test_the_fit_recovers_what_was_given(fitted):
    points = [
        cluster_model.Point(n, rate, delay, fitted.exchange(n, 2, rate, delay))
        for n in (model.parameters(65) for model in cluster_table.MODELS)
        for rate, delay in ((10e9, 0.0), (1e9, 200e-6))
    ]
    assert cluster_model.fit(points) == pytest.approx(fitted, rel=1e-6, abs=1e-15)


def test_a_fit_is_never_faster_than_the_wire():
    points = [cluster_model.Point(N, rate, 0.0, 1e-4) for rate in (10e9, 1e9)]
    assert cluster_model.fit(points) == (0, 0, 0)


def test_each_host_sends_its_share_twice():
    assert cluster_model.volume(1000, 1) == 0
    assert cluster_model.volume(1000, 2) == 4 * 1000
    assert cluster_model.volume(1000, 64) == pytest.approx(8 * 1000 * 63 / 64)
    assert [cluster_model.trips(N, hosts) for hosts in (1, 2, 4, 64)] == [0, 3, 6, 70]
    assert cluster_model.trips(3_000_000, 2) == 7, 'long messages are announced'


@pytest.mark.parametrize('speed_up', [cluster_model.weak, cluster_model.strong])
def test_projected_speed_ups(speed_up):
    """One host is itself; no number of hosts is worth more; a better net never hurts, nor do more cores help it."""
    assert speed_up(FITTED, N, COMPUTE, 1, 16, 10e9, 50e-6) == 1
    for hosts in cluster_model.HOSTS:
        found = speed_up(FITTED, N, COMPUTE, hosts, 1, 10e9, 50e-6)
        assert 0 < found < hosts
        assert speed_up(FITTED, N, COMPUTE, hosts, 1, 25e9, 50e-6) > found
        assert speed_up(FITTED, N, COMPUTE, hosts, 1, 10e9, 10e-6) > found
        assert speed_up(FITTED, N, COMPUTE, hosts, 16, 10e9, 50e-6) < found
    weak = [cluster_model.weak(FITTED, N, COMPUTE, hosts, 1, 10e9, 50e-6) for hosts in (1, *cluster_model.HOSTS)]
    assert weak == sorted(weak)


def test_no_more_is_hidden_than_what_is_exchanged():
    for model in cluster_table.MODELS:
        n, half = model.parameters(65), COMPUTE[32]
        share = cluster_model.overlap(FITTED, model, 65, COMPUTE, 1, 1e9, 0.0)
        exchange = FITTED.exchange(n, 2, 1e9, 0.0)
        assert 0 < share < exchange / 2 / (half + exchange)


def test_from_which_model_on_a_second_machine_pays():
    compute = dict.fromkeys(cluster_table.MODELS, COMPUTE)
    assert 'from LSTM 256 on at 10 Gbit/s between hosts of 1 core' in cluster_table.pays(FITTED, compute, [1])
    assert 'none of these models' in cluster_table.pays(FITTED._replace(latency=1.0), compute, [1])
    table = cluster_table.table(FITTED, compute, [1, 16]).splitlines()
    assert len(table) == 2 + 3 * 2 * 2 * 2 and {row.count('|') for row in table} == {11}


def test_what_can_not_be_simulated_is_said_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['cluster', '--quick'])
    monkeypatch.setattr(cluster, 'mpiexec', lambda: 'mpiexec')
    monkeypatch.setattr(cluster, 'alone', lambda *_: {'seconds': 1.0})
    monkeypatch.setattr('shutil.which', lambda *_, **__: None)
    cluster.main()
    assert capsys.readouterr().out == 'skipped: network namespaces need ip and tc: install iproute2\n'
