"""Measures how much of a text is UTF-8: a few damaged bytes don't make it another encoding."""

import codecs
import re
from dataclasses import dataclass

from .guesses import CHECKED, Chunks

SURROGATES = re.compile(b'\xed[\xa0-\xbf][\x80-\xbf]')  # CESU-8 writes one character as two of these
PLACES = 20_000  # counting stops here; each takes 10 us
LEADS = bytes(range(0xC2, 0xF5))  # first bytes of characters beyond ASCII


@dataclass
class Damage:
    """Counts of bytes that are not UTF-8, and of characters that are."""

    bad: int = 0  # bytes
    places: int = 0  # runs of bad bytes
    surrogates: int = 0  # places that are half a surrogate pair, encoded as a character
    good: int = 0  # characters beyond ASCII
    line: int = 1  # of the first bad byte
    cut: int = 0  # bytes of an incomplete last character
    looked_at: int = 0  # bytes
    whole: bool = True  # True if looked_at is the whole text

    @property
    def is_utf8(self) -> bool:
        """In other encodings, few bytes beyond ASCII are valid UTF-8 by chance: a few percent, 15 % in Chinese."""
        if 0 < self.cut == self.bad and (self.good or self.cut > 1):
            return True
        return 0 < self.places <= self.good + 2 * self.surrogates

    def __str__(self) -> str:
        if self.cut == self.bad:
            return f'the text is utf-8 and ends inside a character, in line {self.line:,}'
        of = f'{self.bad:,} of {"" if self.whole else "the first "}{self.looked_at:,} bytes'
        are, first = ('is', 'in') if self.bad == 1 else ('are', 'the first in')
        why = ', most of them surrogates' if 2 * self.surrogates > self.places else ''
        return f'{of} {are} not utf-8{why}, {first} line {self.line:,}; the rest is'


def find_damage(chunks: Chunks, at: int) -> Damage:
    """Count bytes that are not UTF-8, up to CHECKED bytes after ``at``, the first suspect byte."""
    found, rest = Damage(), b''
    for chunk in chunks():
        found.looked_at += len(chunk)
        rest = _look(found, rest + chunk, final=False)
        if found.looked_at >= at + CHECKED or found.places >= PLACES:
            found.looked_at -= len(rest)
            found.whole = False
            return found
    _look(found, rest, final=True)
    return found


def _look(found: Damage, data: bytes, *, final: bool) -> bytes:
    """Count the bad bytes in a part of the text; returns the unfinished character at its end."""
    place = 0
    while place < len(data) and found.places < PLACES:
        try:
            _, used = codecs.utf_8_decode(memoryview(data)[place:], 'strict', final)
        except UnicodeDecodeError as error:
            start, end = place + error.start, place + error.end
            found.good += _beyond(data[place:start])
            if not found.bad:
                found.line += data.count(b'\n', place, start)
            pair = SURROGATES.match(data, start)
            if not final and len(data) - start < 3:
                return data[start:]  # may be half a surrogate
            end = pair.end() if pair else end
            found.cut = end - start if final and error.reason == 'unexpected end of data' else 0
            found.surrogates += pair is not None
            found.places += 1
            found.bad += end - start
            place = end
        else:
            found.good += _beyond(data[place : place + used])
            if not found.bad:
                found.line += data.count(b'\n', place, place + used)
            place += used
            break
    return data[place:]


def _beyond(data: bytes) -> int:
    """Number of characters beyond ASCII in valid UTF-8."""
    return len(data) - len(data.translate(None, LEADS))
