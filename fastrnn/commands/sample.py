"""``fastrnn sample``: text from a model."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..settings.kinds import Number, Place, Whole, Word
from ..settings.options import MAX_SEED, OPTIONS, Option
from ..system import stop
from .command import command
from .options import JSON, MODEL

EXAMPLE = 'Example: fastrnn sample RUN --prime "Shall I compare" --temperature 0.8 --seed 0'
# fmt: off
RULES = (
    Option('length', Whole(0), 500, '', 'Characters to generate; for a model of bytes, bytes.',
        synonyms='len max-new-tokens max-tokens num-chars n-chars chars size num-tokens max-length n l'),
    Option('prime', Word(), None, '', 'Text to continue.', otherwise='a newline, or the first character',
        synonyms='prompt start start-text starting-text primetext prefix seed-text input text'),
    Option('prime_file', Place(), None, '', 'The same, from a file; - is standard input.',
        synonyms='prompt-file input-file'),
    Option('temperature', Number(), 1.0, '', 'Below 1 likelier characters; 0 always the most likely.',
        synonyms='temp t sampling-temperature'),
    Option('top_k', Whole(1), None, '', 'Sample only from the K most likely characters.', otherwise='all',
        synonyms='topk k'),
    Option('top_p', Number(1), None, '', 'Sample only from the most likely characters that sum to this probability.',
        otherwise='all', synonyms='topp p nucleus'),
    OPTIONS['seed'],
    Option('count', Whole(1), 1, '', 'Samples, generated together; lines of ---- separate them.',
        synonyms='num-samples n-samples samples n number'),
)
# fmt: on


@command(MODEL, *RULES, JSON, replace(OPTIONS['encoding'], help='Encoding of the prime file.'), OPTIONS['errors'],
    synonyms='generate write predict complete infer', epilog=EXAMPLE)  # fmt: skip
def sample(
    model: Path,
    length: int,
    prime: str | None,
    prime_file: Path | None,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
    count: int,
    as_json: bool,
    encoding: str,
    errors: str,
) -> None:
    """Generate text with MODEL.

    It is printed as it is generated, after the prime. From one layer of tanh, characters at temperature 1 are the
    reference's, bit for bit. With --count the batched engine's kernels draw many samples at once. Bytes are shown as
    UTF-8. With --json each sample is an object on a line.
    """
    from ..inference.generate import sample as draw
    from ..inference.generate import samples
    from ..inference.prompt import read_prompt
    from ..model.checkpoint import load_model

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
