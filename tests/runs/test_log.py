"""The log of a run: what is written is read."""

import json
from dataclasses import replace
from io import BytesIO

import pytest
from logs import records, rollback

from fastrnn.decision.job import Job
from fastrnn.progress.records import Record
from fastrnn.runs.log import LOG, NUMBERS, Log, is_logged, lengthened_event, read_last, read_log, rollback_event

RECORD = Record(9, 30.0, 31.0, 30.5, 'a\nb', True, 2500, 1.5, 25, validation=float('nan'), best=None)


def test_what_is_written_is_read(tmp_path):
    log = Log(tmp_path)
    for record in (RECORD.facts, lengthened_event(10), rollback_event(30, 10, 0.05, 'why')):
        log.add(record)
    record, rollback = read_log(log.path, BytesIO(log.path.read_bytes()))
    assert record['iteration'] == 10 and record['train'] == RECORD.bits_per_character and list(record)[1:] == [*NUMBERS]
    assert record['characters'] == 2500 and record['seconds'] == 1.5 and record['validation'] != record['validation']
    assert rollback == {'to': 10}


@pytest.mark.parametrize('lines', [0, 1, 2, 9])
def test_a_cut(tmp_path, lines):
    """An incomplete line does not count."""
    log = Log(tmp_path)
    log.make()
    assert not log.begun
    for iteration in range(2):
        log.add(lengthened_event(iteration))
    with open(tmp_path / LOG, 'a') as file:
        file.write('{"iter')
    assert log.cut(lines) == min(lines, 2)
    assert [json.loads(line)['iteration'] for line in log.path.read_text().splitlines()] == [0, 1][:lines]


def logged_iterations(engine, count, **intervals):
    """The iterations that are logged, of those at which something is due."""
    config = Job(engine=engine, **{'print_every': 2, 'sample_every': 4, 'validate_every': 5, **intervals})
    gist = config.abilities.gist_reports
    found = []
    for iteration in range(count):
        done = iteration + 1
        report = (iteration if gist else done) % config.print_every == 0
        validation = 2.0 if done % config.validate_every == 0 else None
        sample = 'text' if gist and iteration % config.sample_every == 0 else None
        record = replace(RECORD, iteration=iteration, report=report, sample=sample, validation=validation)
        if record.due and is_logged(record, config, best=False):
            found.append(done)
    return found


def test_a_long_log_is_thinned(monkeypatch):
    """The interval doubles whenever the number of reports, samples or validations has doubled."""
    monkeypatch.setattr('fastrnn.runs.log.ALL_LOGGED', 3)
    validations = [5, 10, 15, 20, 30, 40, 60]
    reports = [2, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert logged_iterations('batched', 65) == sorted({*validations, *reports})
    samples = [1, 5, 9, 13, 17, 25, 33, 49, 65]  # samples are due before iterations 0, 4, 8 ...
    assert logged_iterations('exact', 65) == sorted({*(n + 1 for n in reports), *samples, *validations} | {1})


def test_what_is_always_logged():
    """The last record, and a best one."""
    config = Job(engine='batched', print_every=1, sample_every=1, validate_every=1)
    record = replace(RECORD, iteration=10**9 + 6, validation=2.0)
    assert not is_logged(record, config, best=False) and is_logged(record, config, best=True)
    assert is_logged(replace(record, last=True), config, best=False)


def test_a_day_of_the_default_run_stays_below_100_mb():
    """At 20,000 iterations a second, with samples of 200 non-ASCII characters."""
    config = Job(print_every=100, sample_every=100)
    day = 20_000 * 86_400
    spans = [(0, 100), *((10**6 << k, 200 << k) for k in range(20))]
    count = sum((min(max(first * 2, 10**6), day) - first) // every for first, every in spans if first < day)
    for number in (200, 10**6, 10**6 + 100, 10**6 + 200, 2 * 10**6 + 400):  # spans of log.py
        expected = number % next(every for first, every in reversed(spans) if number > first or not first) == 0
        assert is_logged(replace(RECORD, iteration=number, sample='a'), config, best=False) == expected
    assert count * len(json.dumps(replace(RECORD, sample='语' * 200).facts)) < 100e6


def test_an_endless_line_is_refused(tmp_path, monkeypatch):
    """It could be gigabytes long."""
    monkeypatch.setattr('fastrnn.runs.log.MAX_LINE', 1000)
    with pytest.raises(ValueError, match='line 2 is not a record of a run; remove that line'):
        list(read_log(tmp_path / LOG, BytesIO(b'{"event": "resume"}\n{"iteration": 1' + b'1' * 2000)))


def last_of(*lines):
    data = b''.join(line if isinstance(line, bytes) else json.dumps(line).encode() + b'\n' for line in lines)
    return read_last('log', BytesIO(data))


def test_the_last_record():
    """As the whole log has it, and with its best validation, however long its lines are."""
    entries = records(40)
    entries[-1] |= {'sample': 'x' * 200_000, 'validated': 22307}
    last = last_of(*entries)
    assert last.pop('best') == entries[-1]['validation'] and last.pop('validated') == 22307
    *_, expected = read_log('log', BytesIO(b''.join(json.dumps(entry).encode() + b'\n' for entry in entries)))
    assert last == expected
    assert last_of(*records(5), lengthened_event(40), b'\n', b'{"iterat')['iteration'] == 40
    assert last_of(*records(5), b'{"iteration": 99')['iteration'] == 40
    assert last_of() is None and last_of(b'\n') is None


def test_the_last_record_that_no_rollback_has_given_up():
    assert last_of(*records(9), rollback(50))['iteration'] == 50
    assert last_of(*records(9), rollback(50), rollback(25))['iteration'] == 20
    assert last_of(*records(9), rollback(50), *records(8, first=6))['iteration'] == 70
    assert last_of(*records(9), rollback(-1)) is None


@pytest.mark.parametrize('line', [b'garbage\n', b'[1]\n', b'null\n', b'{}\n', b'\xff\n', b'[' * 100_000 + b'\n'])
def test_last_lines_that_are_no_records(line):
    with pytest.raises(ValueError, match=r'^log: one of its last lines is not a record of a run'):
        last_of(*records(3), line, b'{"torn')


def test_a_last_line_without_an_end(tmp_path, monkeypatch):
    """Not more than a line may have is read."""
    monkeypatch.setattr('fastrnn.runs.log.MAX_LINE', 100_000)
    file = BytesIO(b'x' * 1_000_000)
    with pytest.raises(ValueError, match='not a record'):
        read_last('log', BytesIO(file.getvalue() + b'\n'))
    assert read_last('log', file) is None and file.tell() > 700_000
