'use strict';
// Converts between texts and ids, and shows characters. No text ever becomes markup.

const NAMED = {'\n': '↵', '\t': '→', ' ': '␣', '\r': '\\r'};
const JOINERS = '\u200c\u200d'; // Persian, Hindi and emoji are not written without them
const FOLDED = 0xfffd; // replaces rare characters or bytes
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const hex = (point, digits) => point.toString(16).padStart(digits, '0');

// A character; an escape if it is invisible, changes the text's direction or is not a character.
function visible(char) {
  const point = char.codePointAt(0);
  const none = (point & 0xfffe) === 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
  if (!none && (JOINERS.includes(char) || !UNSEEN.test(char))) return char;
  return point < 256 ? `\\x${hex(point, 2)}` : point < 0x10000 ? `\\u${hex(point, 4)}` : `\\u{${hex(point, 0)}}`;
}

class Alphabet {
  constructor({points, unit}) {
    this.points = points;
    this.bytes = unit === 'byte';
    this.numbers = new Map(points.map((point, ix) => [point, ix]));
  }

  // The ids of a text, and counts of unknown characters. U+FFFD replaces them if the model has it.
  encode(text) {
    const units = this.bytes ? Array.from(new TextEncoder().encode(text)) : Array.from(text, c => c.codePointAt(0));
    const ids = [], lacked = new Map(), folded = this.numbers.get(FOLDED);
    for (const point of units) {
      const ix = this.numbers.get(point) ?? folded;
      if (ix === undefined) lacked.set(point, (lacked.get(point) || 0) + 1);
      else ids.push(ix);
    }
    return {ids, lacked};
  }

  decode(ids) {
    if (this.bytes) return new TextDecoder('utf-8', {ignoreBOM: true}).decode(this.data(ids));
    return Array.from(ids, ix => String.fromCodePoint(this.points[ix])).join('');
  }

  // The bytes of a file, for a model of bytes. The folded symbol is not a byte: U+FFFD in UTF-8 replaces it.
  data(ids) {
    return Uint8Array.from(ids.flatMap(ix => this.points[ix] === FOLDED ? [0xef, 0xbf, 0xbd] : [this.points[ix]]));
  }

  char(ix) {
    return String.fromCodePoint(this.points[ix]);
  }

  // As shown in a text; a byte outside ASCII is an escape.
  shown(ix) {
    return this.bytes && this.points[ix] > 127 && this.points[ix] !== FOLDED ? `\\x${hex(this.points[ix], 2)}` : visible(this.char(ix));
  }

  // As shown alone: white space has symbols.
  named(ix) {
    return NAMED[this.char(ix)] ?? this.shown(ix);
  }

  // A sentence about the characters that were left out.
  told(lacked) {
    if (!lacked.size) return '';
    const names = [...lacked].slice(0, 8).map(([point, count]) => {
      const char = String.fromCodePoint(point);
      return `${this.bytes ? `\\x${hex(point, 2)}` : NAMED[char] ?? visible(char)} × ${count}`;
    });
    const more = lacked.size > 8 ? ` and ${lacked.size - 8} more` : '';
    return `Left out, not in the model's vocabulary: ${names.join(', ')}${more}.`;
  }
}
