"""A run's record of an iteration."""

from helpers import progress_record

from fastrnn.progress.records import Record


def test_records_are_equal_whatever_time_they_took():
    values = {'iteration': 1, 'loss': 2.0, 'smooth_loss': 2.0, 'mean_loss': 2.0, 'sample': None, 'report': True}
    values['characters'] = 9
    one, other = (Record(**values, seconds=seconds, seq_length=8, share=seconds / 9) for seconds in (1.0, 2.0))
    assert one == other and one != Record(**values, seconds=1.0, seq_length=9)


def test_a_record_prints_on_one_line():
    """By the names of its fields; only what is there, and the start of a sample."""
    plain = progress_record(validation=None)
    assert str(plain) == repr(plain) == 'Record(iteration=4999, seconds=12.50, bits_per_character=2.345)'
    validated = progress_record(sample='', validation=2.4, best=2.3)
    assert str(validated).endswith("bits_per_character=2.345, validation=2.400, best=2.300, sample='')")
    sampled = progress_record(validation=None, sample='one\ntwo\x1b' + 'x' * 200)
    assert str(sampled).endswith(rf", sample='one\ntwo\x1b{'x' * 12}'…)")
