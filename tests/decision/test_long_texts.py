"""Extra options for long texts: rows of n-grams, and shuffled blocks if a run reads only a part of the text."""

from decisions import Fixed, climbed, settings_of, text_of

from fastrnn.decision.long_texts import LARGE, LONG, NGRAMS, ROWS, ROWS_OF_LARGE, rate_of_rows, with_rows
from fastrnn.decision.resolve import resolve
from fastrnn.settings.config import preset
from fastrnn.settings.presets import OPEN


def test_rows_are_for_long_texts():
    """Unless the run reads the text so often that the rows memorize it."""
    long, short = (climbed(n, epochs=3.0).settings for n in (LONG, LONG - 1))
    often = climbed(LONG, epochs=5.0).settings
    assert (long.ngrams, long.ngram_rows, long.shuffle) == (NGRAMS, ROWS, 0)
    assert [(found.ngrams, found.shuffle) for found in (short, often)] == [(0, 0)] * 2


def test_a_text_that_is_read_once_or_less_is_shuffled():
    seldom, twice = (climbed(LONG, epochs=epochs).settings for epochs in (0.5, 2.0))
    assert seldom.shuffle == 128 and twice.shuffle == 0
    timed = climbed(100 * LONG, Fixed(1e9), time=10.0).settings
    assert (timed.shuffle, timed.ngrams) == (seldom.shuffle, NGRAMS)
    assert climbed(10**10, epochs=0.5).settings.shuffle == 2500  # the order of its blocks is held in memory


def test_large_texts_have_more_rows():
    rows = [climbed(n, epochs=0.5).settings.ngram_rows for n in (LARGE - 1, LARGE)]
    assert rows == [ROWS, ROWS_OF_LARGE]


def test_given_options_stay():
    asked = {'shuffle': 0, 'ngrams': 2, 'ngram_rows': 5, 'ngram_rate': 0.7}
    found = climbed(10 * LONG, epochs=0.5, **asked).settings
    assert {name: getattr(found, name) for name in asked} == asked
    assert climbed(10 * LONG, epochs=0.5, ngrams=0).settings.ngrams == 0
    assert climbed(10 * LONG, epochs=0.5, shards=2, streams=16).settings.ngrams == 0  # rows need a single shard


def test_large_vocabularies_get_fewer_rows_or_none():
    start, found = settings_of(), []
    for V in (30, 100, 500, 1000, 5000):
        settings = with_rows(start, OPEN['fast'], V, LARGE)
        found.append(settings.ngram_rows if settings.ngrams else 0)
        assert found[-1] * 3 * V * 4 <= 40_000_000
    assert found == sorted(found, reverse=True) and found[0] == ROWS_OF_LARGE > found[2] > 0 == found[-1]


def test_the_rate_falls_with_the_epochs():
    rates = [rate_of_rows(epochs) for epochs in (0.0, 0.2, 1.0, 4.0, 20.0)]
    assert rates[0] == rates[1] == 0.3 and rates[1:] == sorted(rates[1:], reverse=True) and rates[-1] > 0.005


def test_a_job_says_why():
    job = resolve(preset('fast', time=10.0), text_of(3_000_000), Fixed(1e9))
    names = ('shuffle', 'ngrams', 'ngram_rows', 'ngram_rate')
    assert [job.reasons[name].split()[0] for name in names] == ['by'] * 4
