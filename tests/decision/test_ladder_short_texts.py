"""The fast preset on texts that are too short for its streams and windows."""

import json

import oracles
import pytest
from decisions import left_open, settings_of, text_of
from helpers import SONNETS

import fastrnn
from fastrnn.commands.flow import NOT_KEPT
from fastrnn.decision.ladder import Climb, with_windows
from fastrnn.decision.resolve import check_text, climbed_in_words
from fastrnn.settings.config import preset

TEXT = SONNETS.read_text(encoding='utf-8')
QUICK = {'hidden_size': 8, 'iterations': 2, 'seed': 0}
ARGS = ('--preset', 'fast', '--hidden-size', 8, '--iterations', 2, '--seed', 0)


def sizes(settings):
    return settings.streams, settings.seq_length


def fitted(characters, name='fast', **options):
    """Streams and window for a text of ``characters`` characters."""
    return sizes(with_windows(settings_of(name, **options), left_open(name, **options), characters))


@pytest.fixture
def write(tmp_path):
    def call(length):
        path = tmp_path / 'text'
        path.write_text(TEXT[:length], encoding='utf-8')
        return path

    return call


def test_every_length():
    """From 136 characters: 4 streams and T = 32, as for short texts. Below: the most streams that read 90 % of it."""
    for n in range(3, 400):
        B, T = fitted(n)
        if n >= 4 * 34:
            assert (B, T) == (4, 32)
            continue
        check_text(settings_of(streams=B, seq_length=T), text_of(n, 2))
        assert min(32, n - 2) == T
        shares = {streams: oracles.characters_read(n, streams, T) / n for streams in range(1, n // (T + 2) + 1)}
        good = [streams for streams, share in shares.items() if share >= 0.9]
        assert max(good, default=None) == B if good else shares[B] == max(shares.values())


def test_given_streams_and_windows_stay():
    assert fitted(270, seq_length=90) == (2, 90)
    assert fitted(270, seq_length=300) == (1, 300)
    for given in ({'streams': 16}, {'streams': 1, 'seq_length': 25}, {'streams': 400}):
        begun = settings_of('fast', **given)
        assert with_windows(begun, left_open('fast', **given), 270) is begun and begun.streams == given['streams']
    assert fitted(9, 'reference', streams=16, engine='batched') == (16, 25)
    assert fitted(9, 'reference') == (1, 25)


def test_in_the_library(tmp_path, write):
    """From every function that starts a run; the run's folder stores the decisions."""
    config = preset('fast', **QUICK)
    assert [record.iteration for record in fastrnn.train(TEXT[:300], config)][-1] == 1
    with fastrnn.start(tmp_path / 'run', write(300), config, validation=0.1) as run:
        assert sizes(run.run.job) == (4, 32)
        assert list(run)[-1].characters == 2 * 4 * 32
    kept = json.loads((tmp_path / 'run' / 'config.json').read_text())
    assert (kept['job']['streams'], kept['job']['seq_length']) == (4, 32)
    assert kept['asked'] == {'preset': 'fast', **QUICK} and kept['job']['reasons']['model'] == '0.9 epochs'
    with fastrnn.resume(tmp_path / 'run', iterations=3) as run:
        assert sizes(run.run.job) == (4, 32) and list(run)[-1].last


@pytest.mark.parametrize('kept', [False, True])
def test_the_choice_is_printed_in_a_line(cli, tmp_path, write, kept):
    args = [write(300), *ARGS, '--validation', 0.1, *(('--out', tmp_path / 'run') if kept else ())]
    code, out, err = cli('train', *args)
    assert (code, err) == (0, '' if kept else f'{NOT_KEPT}\n') and 'gru H=8: 0.9 epochs\n' in out
    assert 'gru H=8, T=32, 4 streams, float32' in out
    out = cli('train', write(20), *ARGS)[1]
    assert 'gru H=8: 1.8 epochs\n' in out and 'gru H=8, T=18, 1 stream, float32' in out


def test_a_cap_is_not_announced_as_the_end(cli, write):
    """With a cap or two ends, the time may be over first."""
    chosen = Climb(settings_of(time=10.0, cell='gru', layers=1, hidden_size=96, epochs=26.0), 1e6, 0.2, 1e7)
    assert climbed_in_words(chosen, 100_000) == '10 s, but at most 26 epochs: the text is short, more would overfit'
    out = cli('train', write(300), *ARGS[:4], '--epochs', 2, '--time', '60s')[1]
    assert ': up to 2.0 epochs\n' in out


def test_a_short_run_reports_no_speed(cli, write):
    args = ('--preset', 'fast', '--time', '0.01s', '--seed', 0, '--sample-length', 0)
    told = 'gru H=32: less than a second is too short to measure the machine\n'
    assert told in cli('train', write(300), *args)[1]
    args = ('--preset', 'fast', '--iterations', 0, '--seed', 0)
    assert 'gru H=32: 0.0 epochs\n' in cli('train', write(300), *args)[1]


def test_the_suggested_sizes_work(cli, write):
    """The message says how much was held out and which sizes fit; these are accepted."""
    place = write(300)
    code, out, err = cli('train', place, *ARGS, '--validation', 0.1, '--streams', 16)
    assert (code, out) == (2, '')
    assert err == (
        'error: the text has 270 characters besides the 30 held out for validation, but a seq_length of 32 needs at '
        'least 544 for 16 streams: use a longer text or a smaller --validation or --streams up to 7 or '
        '--seq-length up to 14\n'
    )
    for cure in (('--streams', 7), ('--streams', 16, '--seq-length', 14)):
        assert cli('train', place, *ARGS, '--validation', 0.1, *cure)[0] == 0
    with pytest.raises(ValueError, match=r'^the text has 2 characters, but a seq_length of 1 needs at least 3: use a'):
        fastrnn.train('ab', preset('fast'))
