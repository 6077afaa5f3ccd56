"""``fastrnn sample``: generates text with a model."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..settings.checks import check_integer
from ..settings.kinds import Escaped, Flag, Number, NumberFrom0, Place, Places, Whole
from ..settings.options import MAX_SEED, OPTIONS, Option
from ..system import stop
from ..system.interrupts import held
from .command import command
from .options import JSON, MODEL, SKIP_UNKNOWN, show, tell, tell_skipped

if TYPE_CHECKING:
    from ..inference.lines import Lines
    from ..model.model import Model

EXAMPLE = 'Example: fastrnn sample RUN --prime "Shall I compare" --temperature 0.8 --seed 0'
# fmt: off
RULES = (
    Option('length', Whole(0), 500, '', 'Maximum number of characters; for a model of bytes, of bytes.',
        synonyms='len max-new-tokens max-tokens num-chars n-chars chars size num-tokens max-length n l'),
    Option('prime', Escaped(), None, '', 'Text to continue; \\n is a newline.',
        otherwise='a newline, or the first character',
        synonyms='prompt start start-text starting-text primetext prefix seed-text input text'),
    Option('prime_file', Place(), None, '', 'Text to continue, from a file without escapes; - is standard input.',
        synonyms='prompt-file input-file'),
    SKIP_UNKNOWN,
    Option('until', Escaped(), None, '', 'Stop before this text; \\n is a newline.',
        synonyms='stop stop-string stop-sequence stop-at end eos eos-token terminator delimiter'),
    Option('temperature', NumberFrom0(), 1.0, '', 'Below 1: safer text; above 1: bolder; 0: always the most likely.',
        synonyms='temp t sampling-temperature'),
    Option('top_k', Whole(1), None, '', 'Sample only from the K most likely characters.', otherwise='all',
        synonyms='topk k'),
    Option('top_p', Number(1), None, '', 'Sample only from the most likely characters that sum to this probability.',
        otherwise='all', synonyms='topp p nucleus'),
    OPTIONS['seed'],
    Option('count', Whole(1), 1, '', 'Number of samples, generated together; lines of ---- separate them.',
        synonyms='num-samples n-samples samples n number'),
    Option('lines', Whole(1), None, '', 'Print this many lines, each generated after a newline; none is empty.',
        synonyms='num-lines n-lines names words'),
    Option('novel', Places(), (), '', 'With --lines: replace lines that occur in this text; may be given again.',
        synonyms='new unseen exclude not-in unique'),
    Option('interactive', Flag(), False, '', 'Continue each line that you type; Ctrl-D quits.',
        synonyms='i chat repl dialogue prompt-loop'),
)
# fmt: on


@command(MODEL, *RULES, JSON, replace(OPTIONS['encoding'], help='Encoding of files, and of standard input.'),
    OPTIONS['errors'], synonyms='generate write predict complete infer', epilog=EXAMPLE)  # fmt: skip
def sample(
    model: Path,
    length: int,
    prime: str | None,
    prime_file: Path | None,
    skip_unknown: bool,
    until: str | None,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
    count: int,
    lines: int | None,
    novel: tuple[Path, ...],
    interactive: bool,
    as_json: bool,
    encoding: str,
    errors: str,
) -> None:
    r"""Generate text with MODEL.

    The text is printed while it is generated, after the prime. A model with one tanh layer generates the same
    characters as min-char-rnn at temperature 1. With --count the batched engine generates the samples together. Bytes
    are shown as UTF-8. With --json each sample is an object on one line.

    In --prime, --until and typed text, escapes are those of C: \n is a newline, \\ a backslash.

    --lines generates many lines together. Each starts from a zero state after a newline and the prime. It ends before
    the next newline, or after --length characters. New lines replace empty ones, and with --novel TEXT also lines that
    occur in TEXT; standard error shows how many occurred. The limit is 100 attempts per line, and at least 1,000. If it
    leaves lines unprinted, the exit code is 1.

    --interactive continues each line that you type, and keeps the model's state. The end of your line is not read:
    type \n for a newline. An empty line continues the text. Ctrl-C stops the text, or clears the typed line; at an
    empty prompt it ends the command, as Ctrl-D does. A text stops before --until, but the model has read that string.
    Lines of a pipe count as typed.
    """
    from ..inference.lines import KnownLines, Lines
    from ..inference.prompt import as_read, encode_known, read_prompt
    from ..model.checkpoint import load_model

    given = {'count': count > 1, 'lines': lines is not None, 'json': as_json, 'interactive': interactive}
    given |= {'prime': prime is not None, 'prime-file': prime_file is not None, 'until': until is not None}
    _check_values(until, lines, [*novel, *([prime_file] if prime_file else [])])
    _check_together(given, length, prime_file, novel)
    loaded, text = load_model(model), prime or ''
    if prime_file is not None:
        text = read_prompt(prime_file, encoding, errors)
    if seed is None and as_json:
        seed = secrets.randbelow(MAX_SEED)  # JSON shows the seed
    rules: dict[str, Any] = {'temperature': temperature, 'top_k': top_k, 'top_p': top_p, 'seed': seed}
    more = {'until': until, 'skip_unknown': skip_unknown}
    shown = text
    if skip_unknown:
        lacking = encode_known(text, loaded)[1]
        tell_skipped(lacking)
        shown = as_read(text, loaded) if lacking.count else text
    if interactive:
        _interact(loaded, length, text, encoding, errors, **rules, **more)
    elif lines is not None:
        drawn = Lines(loaded, lines, length, prime=text, skip_unknown=skip_unknown, **rules)
        if novel:
            drawn.known = KnownLines(novel, loaded, 4 * len(text) + length, encoding, errors)  # 4 bytes a character
        _print_lines(drawn, shown, as_json, rules)
    else:
        _print_samples(loaded, count, length, text, shown, as_json, rules, more)


def _check_values(until: str | None, lines: int | None, texts: list[Path]) -> None:
    """Raise ValueError for what the library would refuse in words that are not those of the command line."""
    if until == '':
        raise ValueError('--until is empty: give a text of one character or more, such as \\n')
    if lines is not None:
        check_integer('--lines', lines, 1)
    for path in texts:
        if path.is_dir():
            raise ValueError(f'{path}: is a folder; name a text file')


def _check_together(given: dict[str, bool], length: int, prime_file: Path | None, novel: tuple[Path, ...]) -> None:
    """Raise ValueError for options that exclude each other; ``given``: whether each was given."""
    pairs = ('prime', 'prime-file'), ('lines', 'count'), ('lines', 'until'), ('lines', 'interactive')
    for one, other in (*pairs, ('interactive', 'count'), ('interactive', 'json')):
        if given[one] and given[other]:
            why = ': a line ends at its newline' if other == 'until' else ''
            raise ValueError(f'both --{one} and --{other} are given{why}: use one')
    if novel and not given['lines']:
        raise ValueError('--novel is for lines: add --lines, such as --lines 20')
    if given['lines'] and not length:
        raise ValueError('--length is 0, but --lines prints no empty lines: set --length to 1 or more')
    if [str(prime_file), *map(str, novel), '-' if given['interactive'] else ''].count('-') > 1:
        raise ValueError('standard input can be read only once: name a file')


def _print_samples(
    model: 'Model',
    count: int,
    length: int,
    prime: str,
    shown: str,
    as_json: bool,
    rules: dict[str, Any],
    more: dict[str, Any],
) -> None:
    """Print one sample while it is generated, or several; ``shown`` is the prime as it was read."""
    from ..inference.generate import sample as draw
    from ..inference.generate import samples

    if count == 1:
        drawn: Iterator[Iterable[str]] = iter([draw(model, length, prime=prime, **rules, **more)])
    else:
        drawn = ([whole] for whole in samples(model, count, length, prime=prime, **rules, **more).once())
    told = {'until': more['until']} if more['until'] is not None else {}
    for number, pieces in enumerate(drawn):
        if as_json:
            print(json.dumps({'sample': ''.join(pieces), 'prime': shown, **rules, **told}), flush=True)
            continue
        show('----\n' * (number > 0) + shown)
        for piece in pieces:
            show(piece)
            stop.check()
        show('\n')


def _print_lines(lines: 'Lines', prime: str, as_json: bool, rules: dict[str, Any]) -> None:
    """Print lines as they are generated, after the prime; the exit code is 1 if there are fewer than wanted."""
    printed = 0
    try:
        for text in lines:
            with held():
                show((json.dumps({'sample': text, 'prime': prime, **rules}) if as_json else prime + text) + '\n')
                printed += 1
            stop.check()
    except KeyboardInterrupt:
        lines.given = printed  # another may have been drawn
        tell(lines.report())
        raise
    tell(lines.report())
    if lines.given < lines.count:
        click.get_current_context().exit(1)


def _interact(model: 'Model', length: int, prime: str, encoding: str, errors: str, **rules: Any) -> None:
    from ..data.lacking import OF_PRIME
    from ..inference.dialogue import Dialogue
    from .interactive import interact

    dialogue = Dialogue(model, length, **rules)
    try:
        if prime:
            dialogue.read(prime, OF_PRIME)
        interact(dialogue, encoding, errors)
    finally:
        dialogue.close()
