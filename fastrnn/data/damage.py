"""How much of a text is UTF-8: a few damaged bytes are replaced, and no other encoding is tried for their sake."""

import codecs
import re
from dataclasses import dataclass

from .guesses import CHECKED, Chunks

SURROGATES = re.compile(b'\xed[\xa0-\xbf][\x80-\xbf]')  # as CESU-8 has them: three bytes of two characters' one
PLACES = 20_000  # after which no more are counted: 10 us each
LEADS = bytes(range(0xC2, 0xF5))  # first bytes of characters beyond ASCII


@dataclass
class Damage:
    """Bytes of a text that are not UTF-8, and what speaks for its being UTF-8 all the same."""

    bad: int = 0
    places: int = 0  # runs of them
    surrogates: int = 0  # of the places: halves of characters that another program wrote as characters
    good: int = 0  # characters beyond ASCII
    line: int = 1  # of the first bad byte
    cut: int = 0  # bytes of a last character, which is not whole
    looked_at: int = 0  # bytes
    whole: bool = True  # that is all

    @property
    def is_utf8(self) -> bool:
        """By chance hardly any bytes are UTF-8 where a text is in another encoding: few in a hundred, of Chinese 15."""
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
    """Look for bytes that are not UTF-8, of which ``at`` may be the first: before it, and in much after it."""
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
    """Count what is bad in a part of the text; returns an unfinished character at its end."""
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
                return data[start:]  # perhaps half a surrogate
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
    """Characters beyond ASCII in a part that is UTF-8."""
    return len(data) - len(data.translate(None, LEADS))
