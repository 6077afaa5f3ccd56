"""The picture of runs' curves."""

import math
import sys

import numpy as np
import pytest
from logs import records, rollback
from matplotlib.colors import to_rgb

from fastrnn.runs import plot as plotting
from fastrnn.runs.curves import read_run


def drawn(*folders):
    """The figure's panels, and the words of its legend."""
    figure = plotting.draw([read_run(folder) for folder in folders])
    return figure.axes, [text.get_text() for text in figure.legends[0].get_texts()]


def lines(axes):
    return [np.array(line.get_xydata()) for line in axes.lines if len(line.get_xydata())]


def test_a_run(logged):
    """Training and validation in both panels, each number where it belongs; the best has a ring and its number."""
    entries = records()
    (by_time, by_characters), words = drawn(logged())
    for axes, name in ((by_time, 'seconds'), (by_characters, 'characters')):
        train, validation = lines(axes)
        np.testing.assert_allclose(train, [(entry[name], entry['train']) for entry in entries])
        expected = [(entry[name], entry['validation']) for entry in entries if entry['validation'] is not None]
        np.testing.assert_allclose(validation, expected)
        assert axes.get_xscale() == 'linear' and axes.xaxis.get_gridlines()[0].get_visible()
        rings = [mark.get_offsets() for mark in axes.collections if mark.get_offsets().size]
        np.testing.assert_allclose(rings, [expected[-1:]])
    assert by_time.get_xlabel() == 'training time (s)' and by_time.get_ylabel() == 'bits per character'
    assert by_characters.get_xlabel() == 'characters trained on'
    assert words == [
        'run1 (batched, H=256): best validation 2.175',
        'training, mean of each report',
        'validation; ring: the best',
    ]
    train, validation = by_time.lines[:2]
    assert train.get_color() == validation.get_color() and train.get_alpha() < 1
    assert train.get_linewidth() < validation.get_linewidth() and validation.get_marker() == 'o'


def test_a_run_without_validation(logged):
    axes, words = drawn(logged(entries=records(every=0), engine='exact', H=100))
    assert [len(lines(panel)) for panel in axes] == [1, 1]
    assert words == ['run1 (exact, H=100)', 'training, mean of each report']


def test_other_models_are_named(logged):
    """And of runs that say nothing of cells, H alone."""
    for kind, words in (({'cell': 'lstm', 'layers': 2}, 'lstm 2 x 9'), ({'cell': 'gru'}, 'gru H=9'), ({}, 'H=9')):
        folder = logged(words, records(every=0), H=9, **kind)
        assert drawn(folder)[1][0] == f'{words} (batched, {words})'


@pytest.mark.parametrize('kind', [{'cell': 'xyz'}, {'cell': []}, {'layers': '2'}, {'H': None}])
def test_what_is_no_model(logged, kind):
    with pytest.raises(ValueError, match='not the configuration of a run'):
        read_run(logged(entries=records(every=0), **kind))


def test_one_record_is_visible(logged):
    """As a point: a line of one has no length."""
    (by_time, _), _ = drawn(logged(entries=records(1)))
    assert by_time.lines[0].get_marker() == '.'
    low, high = by_time.get_ylim()
    assert low < records(1)[0]['train'] < high


def test_the_reference_is_black_and_others_have_colours_of_their_own(logged):
    folders = [logged(f'run{k}', engine='batched') for k in range(4)] + [logged('slow', engine='reference', H=100)]
    (by_time, _), words = drawn(*folders)
    colors = [line.get_color() for line in by_time.lines if line.get_alpha()]
    assert len(set(colors)) == 5 and max(to_rgb(colors[4])) == 0
    assert all(max(to_rgb(color)) - min(to_rgb(color)) > 0.3 for color in colors[:4])
    assert words[4].startswith('reference (NumPy, slow, H=100)')


def test_the_y_axis_starts_where_the_training_curves_start(logged):
    """The highest start of all runs; a run that rises above it is in view by its later half, and no peak is."""
    (by_time, _), _ = drawn(logged(entries=records(400)))
    low, high = by_time.get_ylim()
    assert 1.8 < low < 2 and 6 < high < 6.2
    slow = [{**entry, 'train': 7 - 0.05 * k} for k, entry in enumerate(records(40, every=0))]
    slow[3]['train'] = 900.0
    (by_time, _), _ = drawn(logged('a', records(400)), logged('slow', slow, engine='reference'))
    assert 7 < by_time.get_ylim()[1] < 7.3
    rising = [{**entry, 'train': 2 + 0.05 * k} for k, entry in enumerate(records(40, every=0))]
    assert 3.9 < drawn(logged('rising', rising))[0][0].get_ylim()[1] < 4.1


def test_labels_say_what_differs(logged):
    """And no more than there is room for; with long ones the legend has one column."""
    folders = [logged(f'run{k}', learning_rate=0.1 * k, seed=k, H=64 * k) for k in (1, 2)]
    assert drawn(*folders)[1][:2] == [
        'run1 (H=64, seed 1, learning rate 0.1): best validation 2.175',
        'run2 (H=128, seed 2, learning rate 0.2): best validation 2.175',
    ]
    many = [logged(f'many{k}', seed=k, dropout=0.1 * k, weight_decay=0.01 * k, clip=1.0 + k) for k in (1, 2)]
    _, words = drawn(*many)
    assert words[0] == 'many1 (dropout 0.1, seed 1, clip 2, weight decay 0.01): best validation 2.175'
    assert drawn(*many, *folders)[1][1] == 'many2 (H=256, dropout 0.2, seed 2, clip 3, …): best validation 2.175'


def test_the_label_has_the_figure_of_the_whole_held_out_text(logged):
    """As fastrnn runs has it, though the curve is of the part that each validation reads."""
    entries = records(40)
    folder = logged('before', entries, validate_part=500)
    assert drawn(folder)[1][0] == 'before (batched, H=256): best validation 2.175 on 500 characters'
    entries[-1] |= {'validation_part': 2.175, 'validation': 2.3, 'validated': 9000, 'best': 2.3}
    folder = logged('after', entries, validate_part=500)
    assert drawn(folder)[1][0] == 'after (batched, H=256): best validation 2.300'
    assert read_run(folder).points.validation[-1] == 2.175


def test_a_log_without_the_lowest_validation(logged):
    """Such as one of another program."""
    entries = [{name: value for name, value in entry.items() if name != 'best'} for entry in records(40)]
    assert drawn(logged(entries=entries))[1][0].endswith(': best validation 2.175')


def test_axes_are_logarithmic_where_extents_differ_much(logged):
    short, long, other = (
        logged('short', records(40, pace=0.01)),
        logged('long', records(400)),
        logged('other', records(40)),
    )
    (by_time, by_characters), _ = drawn(short, long)
    assert (by_time.get_xscale(), by_characters.get_xscale()) == ('log', 'linear')
    assert 0 < by_time.get_xlim()[0] < 0.4
    assert [axes.get_xscale() for axes in drawn(long, other)[0]] == ['linear', 'linear']


@pytest.mark.parametrize(('pace', 'unit', 'seconds'), [(1, 's', 1), (30, 'min', 60), (400, 'h', 3600)])
def test_units_of_time(logged, pace, unit, seconds):
    (by_time, _), _ = drawn(logged(entries=records(pace=pace)))
    assert by_time.get_xlabel() == f'training time ({unit})'
    assert lines(by_time)[0][-1, 0] == pytest.approx(40 * pace / seconds)


def test_a_rollback(logged):
    """What was given up is dotted, leaves the course at the mark, and counts for nothing."""
    bad = [{**entry, 'train': 9.0, 'validation': 1.0} for entry in records(30, first=20)]
    entries = [*records(20), *bad, rollback(100), *records(first=11)]
    curve = read_run(folder := logged(entries=entries))
    expected = records()
    np.testing.assert_array_equal(curve.points.train, [entry['train'] for entry in expected])
    np.testing.assert_array_equal(curve.rollbacks.characters, [55_000])
    assert curve.given_up[0].characters.tolist() == [5000 * (k + 1) for k in range(10, 30)]
    (by_time, _), words = drawn(folder)
    train, given_up, _ = by_time.lines
    assert given_up.is_dashed() and not train.is_dashed()
    marks = [mark.get_offsets() for mark in by_time.collections]
    np.testing.assert_allclose(marks[0], [(1.1, expected[10]['train'])])
    assert by_time.get_ylim()[1] < 9 and words[0].endswith('2.175') and words[-1].startswith('rolled back')


def test_rollbacks_to_the_start_and_in_a_row(logged):
    """Back before the first record, with nothing in between, and further back than before."""
    entries = [*records(9), rollback(-1), *records(9), rollback(50), rollback(50), rollback(20), *records(12, first=3)]
    curve = read_run(folder := logged(entries=entries))
    np.testing.assert_array_equal(curve.points.train, [entry['train'] for entry in records(12)])
    assert [len(stretch.train) for stretch in curve.given_up] == [9, 4, 1, 4]
    assert curve.rollbacks.characters.size == 3  # where there is no record before it, there is no point
    assert plotting.picture([read_run(folder)]).startswith(b'\x89PNG')


def test_losses_that_are_not_finite(logged):
    """Gaps in the line, and never a limit of an axis."""
    entries = [
        {**entry, 'train': math.nan if k > 30 else math.inf if k == 30 else 3.0} for k, entry in enumerate(records())
    ]
    (by_time, _), _ = drawn(logged('a', entries))
    assert all(map(math.isfinite, by_time.get_ylim()))
    broken = [{**entry, 'train': None, 'validation': None} for entry in records()]
    plotting.picture(
        [read_run(logged('b', broken)), read_run(logged('c', [{**records(1)[0], 'seconds': 0, 'characters': 0}]))]
    )


def test_long_logs_are_thinned(logged):
    """No more points than can be seen, the last among them, so that an SVG stays small."""
    folder = logged(entries=records(20_000, every=2))
    (by_time, _), _ = drawn(folder)
    for line in lines(by_time):
        assert len(line) == plotting.MOST and line[-1, 0] == pytest.approx(2000 / 60)
    assert len(plotting.picture([read_run(folder)], 'svg')) < 600_000


def test_names_that_are_no_markup(logged):
    """Neither formulae nor hidden; and not wider than the picture."""
    folders = [logged(r'_$\frac$ & <b>'), logged('n' * 200)]
    _, words = drawn(*folders)
    assert words[0].startswith(r'_$\frac$ & <b> (batched') and len(words[1]) < 80
    figure = plotting.draw([read_run(folder) for folder in folders])
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0
    assert box.y1 < figure.axes[0].get_window_extent().y0


def test_twenty_runs(logged):
    """The panels keep their room."""
    curves = [read_run(logged(f'run{k}')) for k in range(20)]
    figure = plotting.draw(curves)
    figure.draw_without_rendering()
    assert all(axes.get_window_extent().height > 250 for axes in figure.axes)


def test_the_users_settings_do_not_matter(logged):
    """Nor are they changed."""
    import matplotlib

    curves = [read_run(logged())]
    plain = plotting.picture(curves, 'svg')
    with matplotlib.rc_context({'font.size': 30, 'axes.facecolor': 'red'}):
        assert plotting.picture(curves, 'svg') == plain
        assert matplotlib.rcParams['font.size'] == 30
    assert 'matplotlib.pyplot' not in sys.modules
