"""The curves of runs as one page that needs no server. plotly.js draws them; plotly is optional, so imported late."""

import json
import math
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from string import Template
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import Curve, Points
from .plot import differ_much, label_all, styles, thinned, unit_of_time, y_limits

DIGITS = 6  # of the numbers in the page
LINE = 38  # characters of a line at the pointer: as many as a phone shows
SYMBOLS = {'o': 'circle', 's': 'square', '^': 'triangle-up', 'D': 'diamond', 'v': 'triangle-down', 'P': 'cross'}
FOLDER = Path(__file__).parent


def page(curves: Sequence[Curve]) -> bytes:
    """An HTML file; the same curves give the same bytes, with one version of plotly.

    Raises ValueError without plotly.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ValueError('plot --html needs plotly: pip install plotly') from error
    plotly = get_plotlyjs().replace('</script', '<\\/script')
    script = (FOLDER / 'plot_page.js').read_text(encoding='utf-8')
    scale, unit = unit_of_time(curves)
    axes = [
        {'key': 'seconds', 'title': f'training time ({unit})', 'scale': scale},
        {'key': 'characters', 'title': 'characters trained on', 'scale': 1},
        {'key': 'iteration', 'title': 'iterations', 'scale': 1},
    ]
    low, high = y_limits(curves)
    data = {'runs': _runs(curves), 'axes': axes, 'low': round(low, DIGITS), 'high': round(high, DIGITS)}
    names = ('time', 'characters', 'iterations')
    inputs = [
        f'<label><input type="radio" name="axis" id="{axis["key"]}"{" checked" * (k == 0)}> {name}</label>'
        for k, (axis, name) in enumerate(zip(axes, names, strict=True))
    ]
    logarithmic = differ_much([float(curve.points.seconds.max()) for curve in curves])
    hashes = ' '.join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (plotly, script))
    template = Template((FOLDER / 'plot_page.html').read_text(encoding='utf-8'))
    whole = template.substitute(
        # plotly.js needs inline styles; only these two scripts run, whatever a run's name contains
        policy=f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:",
        axes='\n'.join(inputs),
        logarithmic=' checked' * logarithmic,
        data=json.dumps(data, separators=(',', ':')).replace('<', '\\u003c'),
        plotly=plotly,
        script=script,
    )
    return whole.encode()


def _runs(curves: Sequence[Curve]) -> list[dict[str, Any]]:
    found = []
    for curve, style, label in zip(curves, styles(curves), label_all(curves), strict=True):
        points, light = curve.points, style['color']
        validated = np.flatnonzero(np.isfinite(points.validation))
        found.append(
            {
                'label': label,
                'lines': wrap(label, LINE),
                'symbol': SYMBOLS[style['marker']],
                'light': light,
                'dark': _inverted(light) if curve.facts.baseline else light,
                'train': _numbers(points, points.train, np.arange(points.train.size)),
                'validation': _numbers(points, points.validation, validated),
                'given_up': [_numbers(part, part.train, np.arange(part.train.size)) for part in curve.given_up],
            }
        )
    return found


def _numbers(points: Points, bits: NDArray[np.float64], which: NDArray[np.int64]) -> dict[str, list[float | None]]:
    shown = thinned(which)
    rows = {'bits': bits, 'rate': points.learning_rate, 'seconds': points.seconds}
    rows |= {'characters': points.characters, 'iteration': points.iteration}
    return {name: [_rounded(float(value)) for value in row[shown]] for name, row in rows.items()}


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) else float(f'{value:.{DIGITS}g}')


def _inverted(grey: str) -> str:
    return '#' + ''.join(f'{255 - int(grey[k : k + 2], 16):02x}' for k in (1, 3, 5))
