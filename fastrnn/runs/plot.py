"""Draws the curves of one or more runs. matplotlib is optional, so functions import it."""

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import in_a_line
from .curves import Curve, Points
from .differences import labels

FORMATS = ('png', 'svg')
COLORS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')  # Okabe and Ito's colour-blind palette
GREYS = ('#000000', '#666666', '#999999')  # for the reference
MARKERS = 'os^DvP'
MOST = 2000  # points of a line: more are invisible and make a huge SVG
MARKED = 25  # points of a validation curve that get a marker
LOG_FROM = 20.0  # ratio of the longest to the shortest run from which the axis is logarithmic
# from this number of seconds on, seconds of the unit, its name
TIMES = ((3 * 3600, 3600, 'h'), (600, 60, 'min'), (0, 1, 's'))
NAME, OWN = 36, 50  # limits of a label's characters: of the name, and of the options
NARROW = 68  # limit of a label's characters for two columns
DOTTED = {'linestyle': (0, (1, 1.5)), 'linewidth': 1.0}


def file_format(path: Path) -> str:
    """The format for a file name's suffix. Raises ValueError unless it is .png or .svg."""
    name = path.suffix[1:].lower()
    if name not in FORMATS:
        raise ValueError(f'{path}: a picture must end in .png or .svg; rename it')
    return name


def picture(curves: Sequence[Curve], file_format: str = 'png') -> bytes:
    """A PNG or SVG file: bits per character by time and by characters trained on.

    The same curves give the same bytes, with one version of matplotlib. Raises ValueError without matplotlib.
    """
    matplotlib = _matplotlib()
    out = BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # the user's settings would change the picture
        matplotlib.rcParams.update({'svg.hashsalt': 'fastrnn', 'font.size': 9})
        metadata = {'Date': None} if file_format == 'svg' else None
        draw(curves).savefig(out, format=file_format, dpi=150, metadata=metadata)
    return out.getvalue()


def _matplotlib() -> Any:
    try:
        import matplotlib.figure
    except ImportError as error:
        raise ValueError('plot needs matplotlib: pip install matplotlib') from error
    return matplotlib


def draw(curves: Sequence[Curve]) -> Any:
    """The matplotlib Figure."""
    words = label_all(curves)
    columns = 2 if max(map(len, words)) <= NARROW else 1
    rows = math.ceil((len(curves) + 3) / columns)
    figure = _matplotlib().figure.Figure(figsize=(10, 4.2 + 0.2 * rows), layout='constrained')
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    by_time, by_characters = figure.subplots(1, 2, sharey=True)
    seconds, unit = unit_of_time(curves)
    drawn = styles(curves)
    low, high = y_limits(curves)
    for axes, name, scale in ((by_time, 'seconds', seconds), (by_characters, 'characters', 1)):
        for curve, style in zip(curves, drawn, strict=True):
            _draw_run(axes, curve, name, scale, style)
        _finish_x(axes, curves, name, scale, high)
    by_time.set(xlabel=f'training time ({unit})', ylabel='bits per character', ylim=(low, high))
    by_characters.set(xlabel='characters trained on')
    _legend(figure, curves, drawn, words, columns)
    return figure


def unit_of_time(curves: Sequence[Curve]) -> tuple[int, str]:
    """Seconds of the unit, and its name."""
    longest = max(float(curve.points.seconds.max()) for curve in curves)
    return next(time[1:] for time in TIMES if longest >= time[0])


def styles(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    """Colour and marker of each run; the reference is black or grey."""
    found, seen = [], {True: 0, False: 0}
    for curve in curves:
        palette, k = GREYS if curve.facts.baseline else COLORS, seen[curve.facts.baseline]
        seen[curve.facts.baseline] += 1
        found.append({'color': palette[k % len(palette)], 'marker': MARKERS[(k + k // len(palette)) % len(MARKERS)]})
    return found


def _draw_run(axes: Any, curve: Curve, name: str, scale: float, style: dict[str, Any]) -> None:
    """Draw training thin and light, validation solid with points, parts given up by rollbacks dotted."""
    points, color = curve.points, style['color']
    x = getattr(points, name) / scale
    validated = np.flatnonzero(np.isfinite(points.validation))
    line = {'color': color, 'linewidth': 1.0, 'alpha': 0.5 if validated.size else 0.9}
    shown = thinned(np.arange(x.size))
    axes.plot(x[shown], points.train[shown], marker='.' if x.size == 1 else None, zorder=2, **line)
    for stretch in curve.given_up:
        shown = thinned(np.arange(stretch.train.size))
        given_up = {**DOTTED, 'color': color, 'alpha': 0.5}
        axes.plot((getattr(stretch, name) / scale)[shown], stretch.train[shown], zorder=1, **given_up)
    back = curve.rollbacks
    axes.scatter(getattr(back, name) / scale, back.train, s=42, marker='<', color=color, edgecolors='white', zorder=5)
    k = best(points)
    if k is not None:
        ring = {'s': 70, 'facecolors': 'none', 'edgecolors': color, 'linewidths': 1.5, 'zorder': 6}
        axes.scatter(x[k], points.validation[k], **ring)
    shown = thinned(validated)
    every = max(1, -(-shown.size // MARKED))
    axes.plot(x[shown], points.validation[shown], **style, linewidth=1.8, markersize=3.5, markevery=every, zorder=3)


def thinned(indices: NDArray[np.int64], most: int = MOST) -> NDArray[np.int64]:
    """At most ``most`` of the indices, evenly spaced, with the first and the last."""
    if indices.size <= most:
        return indices
    kept: NDArray[np.int64] = indices[np.linspace(0, indices.size - 1, most).round().astype(int)]
    return kept


def _finish_x(axes: Any, curves: Sequence[Curve], name: str, scale: float, high: float) -> None:
    """Set the x axis: logarithmic if the runs' lengths differ much, starting at the first visible point."""
    from matplotlib.ticker import EngFormatter, NullFormatter, StrMethodFormatter

    xs = [getattr(curve.points, name) / scale for curve in curves]
    extents = [float(x.max()) for x in xs]
    if differ_much(extents):
        in_view = [x[(x > 0) & ~(curve.points.train > high)] for x, curve in zip(xs, curves, strict=True)]
        axes.set_xscale('log')
        axes.set_xlim(left=0.7 * min(float(x.min(initial=max(extents))) for x in in_view))
    else:
        axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(EngFormatter(sep='') if max(extents) > 1e4 else StrMethodFormatter('{x:g}'))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(color='#dddddd', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[['top', 'right']].set_visible(False)


def differ_much(extents: Sequence[float]) -> bool:
    """True if a linear axis would make short runs unreadable."""
    return max(extents) > LOG_FROM * min(extents) > 0


def y_limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """From the lowest point to the highest start of the training curves, or the highest point of their later halves."""
    lows, highs = list[float](), list[float]()
    for curve in curves:
        train, validation = curve.points.train, curve.points.validation
        later = np.concatenate([values[values.size // 2 :] for values in (train, validation)])
        known = np.concatenate([train, validation])
        highs += [*train[np.isfinite(train)][:1], float(later[np.isfinite(later)].max(initial=-math.inf))]
        lows.append(float(known[np.isfinite(known)].min(initial=math.inf)))
    low, high = min(lows), max(highs)
    if not math.isfinite(high - low):  # all NaN
        low, high = 0.0, 8.0
    room = max(0.03 * (high - low), 0.03)
    return low - room, high + room


def best(points: Points) -> int | None:
    """The index of the lowest validation; None if there is none."""
    known = np.isfinite(points.validation)
    return int(np.where(known, points.validation, math.inf).argmin()) if known.any() else None


def label_all(curves: Sequence[Curve]) -> list[str]:
    """Such as 'run1 (learning rate 0.01)': what differs between the runs, and the lowest validation."""
    own = labels([curve.facts for curve in curves])
    return [_label(curve, words) for curve, words in zip(curves, own, strict=True)]


def _label(curve: Curve, own: str) -> str:
    name, facts = _short(curve.name, NAME), curve.facts
    lowest = '' if curve.lowest is None else f': best validation {curve.lowest:.3f}'
    lowest += '' if curve.lowest is None or curve.part is None else f' on {curve.part:,} characters'
    if facts.baseline:
        return f'{facts.engine} (NumPy, {"" if name == facts.engine else f"{name}, "}{facts.model}){lowest}'
    kept = own.split(', ')
    while len(kept) > 1 and len(', '.join(kept)) > OWN:
        kept = [*kept[: -1 - (kept[-1] == '…')], '…']
    return f'{name} ({_short(", ".join(kept), OWN)}){lowest}'


def _short(text: str, most: int) -> str:
    """The text in one line of at most ``most`` characters."""
    text = in_a_line(text.encode('utf-8', 'replace').decode())
    return text if len(text) <= most else f'{text[: most // 2]}…{text[-most // 2 + 1 :]}'


def _legend(
    figure: Any, curves: Sequence[Curve], styles: list[dict[str, Any]], words: Sequence[str], columns: int
) -> None:
    """The legend below the panels: the runs, then the kinds of lines."""
    from matplotlib.lines import Line2D

    entries: list[tuple[dict[str, Any], str]] = []
    for curve, style, label in zip(curves, styles, words, strict=True):
        dots = {'linewidth': 1.8, 'markersize': 4, 'marker': style['marker']}
        validated = best(curve.points) is not None
        entries.append(({'color': style['color'], **(dots if validated else {'linewidth': 1.2})}, label))
    entries.append(({'linewidth': 1.0, 'alpha': 0.6}, 'training, mean of each report'))
    if any('marker' in line for line, _ in entries):
        entries.append(({'linewidth': 1.8, 'markersize': 3.5, 'marker': 'o'}, 'validation; ring: the best'))
    if any(curve.rollbacks.seconds.size for curve in curves):
        entries.append(({**DOTTED, 'marker': '<', 'markersize': 5}, 'rolled back to here; dotted: given up'))
    handles = [Line2D([], [], **{'color': '#555555', **line}) for line, _ in entries]
    legend = figure.legend(handles, [' '] * len(entries), loc='outside lower center', ncols=columns, frameon=False)
    for text, (_, label) in zip(legend.get_texts(), entries, strict=True):
        text.set(text=label, parse_math=False)  # set later: names may start with _ and contain $
