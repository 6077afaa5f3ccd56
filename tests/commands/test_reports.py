"""Reports in 80 columns."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from decisions import settings_of
from helpers import SONNETS, progress_record
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.commands.reports import Reports, _fast_line, chosen_line
from fastrnn.decision.ladder import Climb
from fastrnn.decision.resolve import climbed_in_words
from fastrnn.progress import bar as progress


def test_reports():
    assert _fast_line(progress_record()) == 'iter 5000  epoch 3.25  12.5 s  204,800/s  train 2.345  val 2.400 bits'
    assert _fast_line(progress_record(validation=None)) == 'iter 5000  epoch 3.25  12.5 s  204,800/s  train 2.345 bits'
    huge = progress_record(999_999_999, 9_999_999.0, 1.345, 12.345, epoch=999_999.0, characters=10**13)
    assert _fast_line(huge) == 'iter 1000000000  epoch 999999  9999999 s  1.00M/s  train 1.345  val 12.345 bits'


def test_the_last_validation_of_a_long_text_is_marked():
    """It reads all held-out text; the ones before it read a part."""
    last = progress_record(last=True, validated=10_000, validation_part=2.3)
    assert _fast_line(last) == 'iter 5000  epoch 3.25  12.5 s  204,800/s  train 2.345  val 2.400 bits (all)'
    assert _fast_line(progress_record(validation_part=2.4)).endswith('val 2.400 bits')
    huge = progress_record(999_999_999, 9_999_999.0, 12.345, 12.345, epoch=999_999.0, last=True, validation_part=2.0)
    assert len(_fast_line(huge)) <= 80


@pytest.mark.parametrize(
    ('time', 'speed', 'told'),
    [
        (30.0, 182_345.6, 'gru 2 x 192: 30 s on 2 threads at 182,346 characters/s: about 5.5 epochs'),
        (36_000.0, 12_182_345.6, 'gru 2 x 192: 36000 s on 2 threads at 12,182,346/s: about 438,564.4 epochs'),
    ],
)
def test_a_choice_fits(time, speed, told):
    settings = settings_of(cell='gru', layers=2, hidden_size=192, time=time)
    why = climbed_in_words(Climb(settings, speed, 0.2, speed * time, threads=2), 1_000_000)
    line = chosen_line('gru 2 x 192', why)
    assert line == told and len(line) <= 80


@given(
    iteration=st.integers(0, 10**10 - 2),
    epoch=st.floats(0, 999_999),
    seconds=st.floats(0, 9_999_999),
    speed=st.floats(0, 1e8),
    bits=st.tuples(st.floats(0, 99), st.floats(0, 99) | st.none()),
)
def test_reports_fit(iteration, epoch, seconds, speed, bits):
    line = _fast_line(
        progress_record(iteration, seconds, bits[0], bits[1], epoch=epoch, characters=int(speed * seconds))
    )
    assert len(line) <= 80
    numbers = re.findall(r'[\d.]+', line.replace(',', ''))
    assert int(numbers[0]) == iteration + 1 and f'{bits[0]:.3f}' in numbers


def test_each_write_ends_its_line(monkeypatch):
    """A second Ctrl-C can stop the command between two writes; the next line would follow the dashes."""
    written = []
    monkeypatch.setattr('sys.stdout', SimpleNamespace(write=written.append, flush=lambda: None))
    Reports(False, False)._print(progress_record(sample='abc', report=False))
    assert ''.join(written) == '----\n abc \n----\n'
    assert all(text.endswith('\n') for text in written if text)


@pytest.mark.parametrize('engine', ['exact', 'batched'])
def test_the_line_is_that_of_the_report_above_it(cli, monkeypatch, engine):
    """The progress line gets a record before it is printed, with the same iteration number."""
    events = []

    @contextmanager
    def display(off, first=None, signals=()):
        events.append('something is shown')
        yield lambda record: events.append(f'iter {record.iteration + first}')

    monkeypatch.setattr(progress, 'display', display)
    monkeypatch.setattr('builtins.print', lambda text, **_: events.append(text))
    args = ('--hidden-size', 8, '--seq-length', 8, '--print-every', 40, '--sample-length', 0)
    args += ('--preset', 'fast') if engine == 'batched' else ()
    assert cli('train', SONNETS, *args, '--iterations', 120, '--seed', 0)[0] == 0
    assert events[0] == 'something is shown' and events[1].startswith('data has')  # while the run starts
    found = [k for k, event in enumerate(events) if re.match('iter .*loss|iter .*epoch', event)]
    assert len(found) == (4 if engine == 'exact' else 3)
    for k in found[:3]:
        shown = next(event for event in reversed(events[:k]) if re.fullmatch(r'iter \d+', event))
        assert re.split('[, ]', events[k])[1] == shown.split()[1]
