"""A page that is a model: one file of HTML that runs it, with nothing to fetch.

Put together from player.html, whose ``$names`` are filled in, player.css and the scripts, plain ECMAScript. Those of
the ENGINE run in a worker, which is made from their text in the page; those of the PAGE run in the page.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from .._version import __version__
from ..model.architecture import Architecture
from ..model.model import Model
from .player_weights import layout, packed
from .surprisal import SHADES, visible

ENGINE = ('player_model.js', 'player_draw.js', 'player_features.js', 'player_engine.js')
PAGE = ('player_text.js', 'player_pane.js', 'player_write.js', 'player_see.js', 'player.js')
# of a text by surprisal in the dark: from the card to a bright blue, and of a unit at -1, 0 and 1, light and dark
DARK_SHADES = ('#1c1f26', '#1d2a3d', '#1e3655', '#1d4370', '#1c528c', '#2f6cad', '#5a92cc', '#8db8e3', '#c6e0f8')
ENDS = {'light': ('#2f7fc1', '#ffffff', '#e8762d'), 'dark': ('#2f8fe0', '#1c1f26', '#e8702a')}
STEPS = 20  # of a unit's colours, as in player_see.js
INKS = ('#000', '#fff')


def page(model: Model, title: str, told: Sequence[tuple[str, str]] = (), *, quantize: bool = False) -> str:
    """The page, as text to be written in UTF-8.

    Parameters
    ----------
    model : Model
    title : str
        Shown as a heading, whatever is in it.
    told : sequence of (str, str)
        More facts of the model, each with its name.
    quantize : bool
        Weights in 8 bits, with a scale a row, in place of float32.
    """
    architecture, unit = model.params.architecture, model.unit
    style = _joined(['player.css']) + _colour_rules()
    engine, script = _joined(ENGINE), _joined(PAGE)
    trained = about(model)
    return Template(_joined(['player.html'])).substitute(
        policy=_policy(style, engine, script),
        title=shown(title),
        style=style,
        unit=unit,
        words=in_words(architecture),
        units=f'{architecture.layers * architecture.H * architecture.kind.states:,}',
        parameters=f'{architecture.parameters:,}',
        vocabulary=f'{architecture.V:,}',
        vocabulary_size=architecture.V,
        shades=''.join(f'<li class="s{k}">{k}{"+" * (k == len(SHADES) - 1)}</li>' for k in range(len(SHADES))),
        steps=''.join(f'<li class="u{k}">{_step(k)}</li>' for k in range(STEPS + 1)),
        trained=rows(trained or [('text', 'its file does not tell')]),
        built=rows([*built(model, quantize), *told]),
        characters=' '.join(f'<span>{_named(char, unit)}</span>' for char in model.chars),
        version=__version__,
        facts=_in_script(
            {
                'cell': architecture.cell,
                'layers': architecture.layers,
                'H': architecture.H,
                'V': architecture.V,
                'unit': unit,
                'points': [ord(char) for char in model.chars],
                'tensors': layout(architecture, quantize),
            }
        ),
        weights=packed(model.params, quantize),
        engine=engine,
        script=script,
    )


def about(model: Model) -> list[tuple[str, str]]:
    """What the model's file tells of its training."""
    facts, found = model.about, []
    if facts.text:
        found.append(('text', facts.text))
    if facts.characters is not None:
        found.append(('size', f'{facts.characters:,} {model.unit}s'))
    if facts.bits is not None:
        of = 'held-out text' if facts.held_out else 'the text that it was trained on'
        found.append((f'bits per {model.unit}', f'{facts.bits:.3f}, of {of}'))
    if facts.iterations is not None:
        found.append(('iterations', f'{facts.iterations:,}'))
    if facts.version:
        found.append(('trained by', f'fastrnn {facts.version}'))
    return found


def built(model: Model, quantize: bool) -> list[tuple[str, str]]:
    architecture = model.params.architecture
    weights = '8 bits, with a scale a row' if quantize else 'float32'
    return [
        ('architecture', in_words(architecture)),
        ('parameters', f'{architecture.parameters:,}'),
        ('weights', weights),
        ('page made by', f'fastrnn {__version__}'),
    ]


def in_words(architecture: Architecture) -> str:
    names = {'rnn': 'tanh units', 'gru': 'GRU units', 'lstm': 'LSTM units'}
    return (
        f'{architecture.layers} layer{"s" * (architecture.layers > 1)} of {architecture.H:,} {names[architecture.cell]}'
    )


def rows(facts: Sequence[tuple[str, str]]) -> str:
    return ''.join(f'<dt>{shown(name)}</dt><dd>{shown(value)}</dd>' for name, value in facts)


def shown(text: str) -> str:
    """A text in the page, whatever is in it."""
    return escape(''.join(visible(char) for char in text))


def _named(char: str, unit: str) -> str:
    return {'\n': '↵', '\t': '→', ' ': '␣'}.get(char) or escape(visible(char, unit))


def _step(k: int) -> str:
    return {0: '−1', STEPS // 2: '0', STEPS: '1'}.get(k, '')


def _joined(names: Sequence[str]) -> str:
    """Files beside this module, wherever the package is kept."""
    return '\n'.join(files(__package__).joinpath(name).read_text(encoding='utf-8') for name in names)


def _in_script(facts: dict[str, Any]) -> str:
    """JSON in a script element, which nothing in it can end."""
    return json.dumps(facts, separators=(',', ':')).replace('<', '\\u003c')


def _policy(style: str, *scripts: str) -> str:
    """Only what is in the page runs, and nothing is fetched; the worker is made of a script of the page."""
    hashes = ' '.join(map(_hashed, scripts))
    rules = [
        "default-src 'none'",
        f'script-src {hashes}',
        'worker-src blob:',
        f'style-src {_hashed(style)}',
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return '; '.join(rules)


def _hashed(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode('utf-8')).digest()).decode('ascii')}'"


# --- colours --------------------------------------------------------------------------------------------------------


def _colour_rules() -> str:
    """Classes s0 to s8, of bits, and u0 to u20, of activations; also as variables, for what is painted."""
    light = [ground for ground, _ in SHADES]
    names = [*(f's{k}' for k in range(len(SHADES))), *(f'u{k}' for k in range(STEPS + 1))]
    classes = ''.join(f'.{name}{{background:var(--{name});color:var(--on-{name})}}\n' for name in names)
    schemes = {
        'light': [*light, *unit_colours('light')],
        'dark': [*DARK_SHADES, *unit_colours('dark')],
    }
    variables = {
        scheme: ':root{' + ''.join(f'--{n}:{c};--on-{n}:{ink(c)};' for n, c in zip(names, colours, strict=True)) + '}'
        for scheme, colours in schemes.items()
    }
    dark = f'@media (prefers-color-scheme:dark){{{variables["dark"]}}}'
    return f'{variables["light"]}\n{dark}\n{classes}'


def unit_colours(scheme: str) -> list[str]:
    """From -1 to 1, by way of the ground of the page."""
    low, middle, high = ([int(end[k : k + 2], 16) for k in (1, 3, 5)] for end in ENDS[scheme])
    found = []
    for step in range(STEPS + 1):
        share = 2 * step / STEPS - 1
        end = low if share < 0 else high
        mixed = (round(m + (e - m) * abs(share)) for m, e in zip(middle, end, strict=True))
        found.append('#' + ''.join(f'{part:02x}' for part in mixed))
    return found


def ink(ground: str) -> str:
    """Black or white, whichever is easier to read on it."""
    light = luminance(ground)
    return INKS[0] if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else INKS[1]


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
