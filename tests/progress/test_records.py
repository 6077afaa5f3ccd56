"""What a run tells of an iteration."""

from fastrnn.progress.records import Record


def test_records_are_equal_whatever_time_they_took():
    values = {'iteration': 1, 'loss': 2.0, 'smooth_loss': 2.0, 'mean_loss': 2.0, 'sample': None, 'report': True}
    values['characters'] = 9
    one, other = (Record(**values, seconds=seconds, seq_length=8, share=seconds / 9) for seconds in (1.0, 2.0))
    assert one == other and one != Record(**values, seconds=1.0, seq_length=9)
