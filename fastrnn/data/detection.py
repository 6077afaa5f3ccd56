"""Detects a text's encoding: by its byte-order mark, or by a guess if the named encoding fails."""

import codecs
from contextlib import suppress

from .damage import Damage
from .guesses import Chunks, guess

MARKS = (  # longer first: utf-32's mark starts with utf-16's
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF8, 'utf-8'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)
MARK = '\ufeff'  # decoded
WITHOUT = {'utf-8': 'utf-8-sig'}  # encodings that drop the mark; utf-16 and utf-32 already do
PROBABLY = 'the text is probably'
ANOTHER = "name the text's encoding with --encoding, e.g. latin-1"


def mark_of(head: bytes) -> str:
    """The encoding that a byte-order mark names; '' without a mark."""
    return next((name for mark, name in MARKS if head.startswith(mark)), '')


def mark_misread(head: bytes, encoding: str, errors: str) -> str:
    """A warning, in words, if the mark would be read as text; '' if it is dropped, absent or raises an error."""
    marked, named = mark_of(head), codecs.lookup(encoding).name
    if not marked or named in ('utf-16', 'utf-32', 'utf-8-sig'):  # they drop the mark
        return ''
    length, told = next(len(mark) for mark, _ in MARKS if head.startswith(mark)), ''
    with suppress(UnicodeError):
        read = codecs.getincrementaldecoder(encoding)(errors).decode(head[:length])
        if read:
            told = 'which counts as a character (U+FEFF)' if read == MARK else f'but is read as {encoding}'
    cure = WITHOUT.get(marked, marked)
    return f'begins with a byte-order mark of {marked}, {told}; --encoding {cure} leaves it out' if told else ''


def advice(chunks: Chunks, at: int, encoding: str, damage: Damage) -> str:
    """What to do about byte ``at``, which is not in this encoding, in words. ``damage``: its check as UTF-8."""
    marked = mark_of(next(iter(chunks()), b''))
    if marked and marked != codecs.lookup(encoding).name:
        return f'the text looks like {marked}: add --encoding {WITHOUT.get(marked, marked)}'
    asked = codecs.lookup(encoding).name == 'utf-8'
    if damage.bad == 0 and not asked:
        return f'{PROBABLY} utf-8: add --encoding utf-8'
    if damage.is_utf8:
        return f'{damage}: add {"" if asked else "--encoding utf-8 "}--errors replace'
    found = guess(chunks, at)
    if found and codecs.lookup(found[0]) != codecs.lookup(encoding):
        name, whole = found
        rest = '' if whole else ' --errors replace, as some of its bytes are damaged'
        return f'{PROBABLY} {name}: add --encoding {name}{rest}'
    return ANOTHER
