"""A page that runs a model: one HTML file, nothing to fetch.

Built from the template player.html, player.css and the scripts, plain ECMAScript. The ENGINE scripts run in a worker,
created from their text in the page; the PAGE scripts run in the page.
"""

import json
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from .._version import __version__
from ..inference.surprisal import visible
from ..model.architecture import Architecture
from ..model.model import Model
from .assembly import joined, policy
from .characters import shown
from .player_colours import STEPS, rules
from .player_weights import layout, packed
from .surprisal import SHADES

NGRAMS = 'player_ngrams.js'  # only for models with n-grams
ENGINE = ('player_model.js', NGRAMS, 'player_draw.js', 'player_features.js', 'player_engine.js')
WIDE = 40  # characters of a prime that its button shows
PAGE = (
    'player_text.js',
    'player_clusters.js',
    'walk.js',
    'player_pane.js',
    'player_write.js',
    'player_see.js',
    'player.js',
)


def page(
    model: Model,
    title: str,
    told: Sequence[tuple[str, str]] = (),
    *,
    quantize: bool = False,
    primes: Sequence[str] = (),
) -> str:
    """The page, as text to be written in UTF-8.

    Parameters
    ----------
    model : Model
    title : str
        The heading; any text, escaped.
    told : sequence of (str, str)
        More facts about the model: name and value.
    quantize : bool
        Store weights in 8 bits, with one scale per row, instead of float32.
    primes : sequence of str
        Texts to continue, each with a button.
    """
    architecture, unit = model.params.architecture, model.unit
    style = joined(['player.css']) + rules()
    engine = joined([name for name in ENGINE if architecture.ngrams or name != NGRAMS])
    script, trained = joined(PAGE), about(model)
    ngrams = {'ngrams': {'most': architecture.ngrams, 'rows': architecture.ngram_rows}} if architecture.ngrams else {}
    return Template(joined(['player.html'])).substitute(
        policy=policy(style, engine, script, worker=True),
        title=shown(title),
        style=style,
        unit=unit,
        words=in_words(architecture),
        beginnings=_beginnings(primes),
        units=f'{architecture.layers * architecture.H * architecture.kind.states:,}',
        parameters=f'{architecture.all_parameters:,}',
        vocabulary=f'{architecture.V:,}',
        vocabulary_size=architecture.V,
        shades=''.join(f'<li class="s{k}">{k}{"+" * (k == len(SHADES) - 1)}</li>' for k in range(len(SHADES))),
        steps=''.join(f'<li class="u{k}">{_step(k)}</li>' for k in range(STEPS + 1)),
        table=f', and from table rows selected by the last {_orders(model)},' if ngrams else '',
        trained=rows(trained or [('text', 'not in the model file')]),
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
                'primes': [*primes],
                'points': [ord(char) for char in model.chars],
                'tensors': layout(model.params, quantize),
            }
            | ngrams
        ),
        weights=packed(model.params, quantize),
        engine=engine,
        script=script,
    )


def about(model: Model) -> list[tuple[str, str]]:
    """What the model's file knows about its training."""
    facts, found = model.about, []
    if facts.text:
        found.append(('text', facts.text))
    if facts.characters is not None:
        found.append(('size', f'{facts.characters:,} {model.unit}s'))
    if facts.bits is not None:
        of = 'held-out text' if facts.held_out else 'the training text'
        of = of if facts.part is None else f'{facts.part:,} {model.unit}s of {of}'
        found.append((f'bits per {model.unit}', f'{facts.bits:.3f}, on {of}'))
    if facts.iterations is not None:
        found.append(('iterations', f'{facts.iterations:,}'))
    if facts.version:
        found.append(('trained by', f'fastrnn {facts.version}'))
    return found


def built(model: Model, quantize: bool) -> list[tuple[str, str]]:
    architecture = model.params.architecture
    weights = '8 bits, one scale per row' if quantize else 'float32'
    ngrams = [('n-grams', f'{_orders(model)}, {architecture.ngram_rows:,} rows each')]
    return [
        ('architecture', in_words(architecture)),
        *(ngrams if architecture.ngrams else []),
        ('parameters', f'{architecture.all_parameters:,}'),
        ('weights', weights),
        ('page made by', f'fastrnn {__version__}'),
    ]


def in_words(architecture: Architecture) -> str:
    names = {'rnn': 'tanh units', 'gru': 'GRU units', 'lstm': 'LSTM units'}
    table = f' and {architecture.ngrams}-grams' if architecture.ngrams else ''
    layers = f'{architecture.layers} layer{"s" * (architecture.layers > 1)}'
    return f'{layers} of {architecture.H:,} {names[architecture.cell]}{table}'


def _orders(model: Model) -> str:
    most = model.params.architecture.ngrams
    return f'{"2" if most == 2 else f"2 to {most}"} {model.unit}s'


def rows(facts: Sequence[tuple[str, str]]) -> str:
    return ''.join(f'<dt>{shown(name)}</dt><dd>{shown(value)}</dd>' for name, value in facts)


def _beginnings(primes: Sequence[str]) -> str:
    """A button for each text."""
    if not primes:
        return ''
    buttons = ''.join(f'<button type="button">{_on_a_button(prime)}</button>\n' for prime in primes)
    return f'<div class="beginnings" role="group" aria-label="Texts to continue">\n{buttons}</div>\n'


def _on_a_button(prime: str) -> str:
    cut = prime if len(prime) <= WIDE else f'{prime[: WIDE - 1]}…'
    return shown(cut.replace('\n', '↵').replace('\t', '→'))


def _named(char: str, unit: str) -> str:
    return {'\n': '↵', '\t': '→', ' ': '␣'}.get(char) or escape(visible(char, unit))


def _step(k: int) -> str:
    return {0: '−1', STEPS // 2: '0', STEPS: '1'}.get(k, '')


def _in_script(facts: dict[str, Any]) -> str:
    """JSON for a script element; its text can't end the element."""
    return json.dumps(facts, separators=(',', ':')).replace('<', '\\u003c')
