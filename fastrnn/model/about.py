"""What a model file tells of where its model comes from: the text, how well it is predicted, how long that took."""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..settings.options import bits_per_character

DIGITS = 4  # of bits per character that are kept
MAX_NAME = 200  # characters of a name that are read
KINDS: dict[str, Any] = {'text': str, 'version': str, 'held_out': bool, 'bits': float}  # of all others: int


@dataclass(frozen=True)
class About:
    """Nothing in it depends on the clock, so that identical runs write identical files. None: not known."""

    text: str | None = None  # names of the files, without their folders
    characters: int | None = None  # that were trained on; bytes, of a model of bytes
    bits: float | None = None  # bits per character
    held_out: bool | None = None  # whether they are of held-out text; else of the text that was trained on
    iterations: int | None = None
    version: str | None = None  # of fastrnn, which trained it
    part: int | None = None  # characters of the held-out text that ``bits`` are of; None: all

    @property
    def as_json(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})


def about_from(facts: Any) -> About:
    """Of a file that may hold anything: what is not as it should be counts as not known."""
    facts = facts if isinstance(facts, dict) else {}
    return About(**{field.name: _checked(field.name, facts.get(field.name)) for field in fields(About)})


def about_state(text: Any, state: Any, config: Any, version: str | None = None) -> About:
    """Of a checkpoint's facts: the lowest validation, or else the smooth loss."""
    whole, held_out = state.get('best_whole'), state.get('best') is not None
    best = state.get('best') if whole is None else whole
    at = state.get('best_iteration') if held_out else None
    return about_from(
        {
            'text': text.get('name'),
            'characters': text.get('characters'),
            'bits': bits(best, state.get('smooth_loss'), config.get('seq_length')),
            'held_out': held_out,
            'iterations': state.get('iteration') if at is None else at,
            'version': version,
            'part': config.get('validate_part') if held_out and whole is None else None,
        }
    )


def bits(best: Any, smooth_loss: Any, seq_length: Any) -> float | None:
    """Bits per character as they are kept: the best validation's, or else those of the smooth loss, in nats over T."""
    if best is None and smooth_loss is not None and seq_length:
        best = bits_per_character(smooth_loss, seq_length)
    return round(float(best), DIGITS) if isinstance(best, float) and math.isfinite(best) else None


def _checked(name: str, value: Any) -> Any:
    kind = KINDS.get(name, int)
    if type(value) is not kind:
        return None
    if kind is str:
        return value[:MAX_NAME] or None
    return value if kind is bool or (math.isfinite(value) and value >= 0) else None
