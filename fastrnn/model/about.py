"""Facts in a model file about its training: the text, bits per character, iterations."""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..settings.options import bits_per_character

DIGITS = 4  # decimals of bits per character that are stored
MAX_NAME = 200  # characters of a name that are read
KINDS: dict[str, Any] = {'text': str, 'version': str, 'held_out': bool, 'bits': float}  # of all others: int


@dataclass(frozen=True)
class About:
    """Facts about a model's training; None: not known. No times, so that identical runs write identical files."""

    text: str | None = None  # names of the files, without their folders
    characters: int | None = None  # of the training text; bytes for a model of bytes
    bits: float | None = None  # bits per character
    held_out: bool | None = None  # True if bits are on held-out text; False: on the training text
    iterations: int | None = None
    version: str | None = None  # of fastrnn, which trained it
    part: int | None = None  # held-out characters on which bits were measured; None: all

    @property
    def as_json(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})


def about_from(facts: Any) -> About:
    """Facts from an untrusted file: invalid values count as not known."""
    facts = facts if isinstance(facts, dict) else {}
    return About(**{field.name: _checked(field.name, facts.get(field.name)) for field in fields(About)})


def about_state(text: Any, state: Any, config: Any, version: str | None = None) -> About:
    """Facts from a checkpoint, with the lowest validation, or else the smooth loss."""
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
    """Bits per character as stored: of the best validation, else of the smooth loss (nats, summed over T)."""
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
