"""The log of a run: what is written is what is read."""

import json

import pytest

from fastrnn.progress.records import Progress
from fastrnn.runs.log import LOG, NUMBERS, Log, lengthened_event, read_log, rollback_event

RECORD = Progress(9, 30.0, 31.0, 30.5, 'a\nb', True, 2500, 1.5, 25, validation=float('nan'), best=None)


def test_what_is_written_is_read(tmp_path):
    log = Log(tmp_path)
    for record in (RECORD.facts, lengthened_event(10), rollback_event(30, 10, 0.05, 'why')):
        log.add(record)
    record, rollback = read_log(log.path, log.path.read_bytes())
    assert record['iteration'] == 10 and record['train'] == RECORD.bits_per_character and list(record)[1:] == [*NUMBERS]
    assert record['characters'] == 2500 and record['seconds'] == 1.5 and record['validation'] != record['validation']
    assert rollback == {'to': 10}


@pytest.mark.parametrize('lines', [0, 1, 2, 9])
def test_a_cut(tmp_path, lines):
    """A line that is torn is none."""
    log = Log(tmp_path)
    log.make()
    assert not log.begun
    for iteration in range(2):
        log.add(lengthened_event(iteration))
    with open(tmp_path / LOG, 'a') as file:
        file.write('{"iter')
    assert log.cut(lines) == min(lines, 2)
    assert [json.loads(line)['iteration'] for line in log.path.read_text().splitlines()] == [0, 1][:lines]
