"""``fastrnn sample``: text from a model."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ..system import stop
from .options import Errors, Json, Model, count_option, number_option, preset_option

EXAMPLE = 'Example: fastrnn sample RUN --prime "Shall I compare" --temperature 0.8 --seed 0'


def sample(
    model: Model,
    length: Annotated[int, count_option('Characters to draw; of a model of bytes, bytes.')] = 500,
    prime: Annotated[str | None, preset_option('Text to go on from. [a newline, or the first character]')] = None,
    prime_file: Annotated[Path | None, preset_option('The same, from a file; -: standard input.')] = None,
    temperature: Annotated[float, number_option('Below 1: likelier characters; 0: always the likeliest.')] = 1.0,
    top_k: Annotated[int | None, count_option('Draw from the so many likeliest characters only. [all]')] = None,
    top_p: Annotated[float | None, number_option('Draw from the likeliest that sum to this probability. [all]')] = None,
    seed: Annotated[int | None, count_option("Seed of NumPy's generator. [another text each time]")] = None,
    count: Annotated[int, count_option('Samples, drawn at once and parted by lines of ----.')] = 1,
    as_json: Json = False,
    encoding: Annotated[str, typer.Option(help='Of the prime file.')] = 'utf-8',
    errors: Errors = 'strict',
) -> None:
    """Print text drawn from MODEL as it is made, with the prime in front.

    From one layer of tanh, characters at temperature 1 are the reference's, bit for bit; with --count the batched
    engine's kernels draw many samples at once. Bytes are shown as UTF-8. With --json each sample is an object, a line.
    """
    from ..inference.generate import sample as draw
    from ..inference.generate import samples
    from ..inference.prompt import read_prompt
    from ..model.checkpoint import load_model
    from ..settings.options import MAX_SEED

    if prime is not None and prime_file is not None:
        raise ValueError('both --prime and --prime-file are given: take one')
    loaded, text = load_model(model), prime or ''
    if prime_file is not None:
        text = read_prompt(prime_file, encoding, errors)
    if seed is None and as_json:
        seed = secrets.randbelow(MAX_SEED)  # so that it can be told
    rules: dict[str, Any] = {'temperature': temperature, 'top_k': top_k, 'top_p': top_p, 'seed': seed}
    if count == 1:
        drawn: Iterator[Iterable[str]] = iter([draw(loaded, length, prime=text, **rules)])
    else:
        drawn = ([whole] for whole in samples(loaded, count, length, prime=text, **rules))
    for number, pieces in enumerate(drawn):
        if as_json:
            print(json.dumps({'sample': ''.join(pieces), 'prime': text, **rules}), flush=True)
            continue
        show('----\n' * (number > 0) + text)
        for piece in pieces:
            show(piece)
            stop.check()
        show('\n')


def show(text: str) -> None:
    """Print at once; half a surrogate pair, which no output can show, as U+FFFD."""
    print(re.sub('[\ud800-\udfff]', '\ufffd', text), end='', flush=True)
