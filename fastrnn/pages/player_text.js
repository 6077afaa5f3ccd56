'use strict';
// Between a text and a model's character numbers, and how a character is shown. Nothing here makes markup of a text.

const NAMED = {'\n': '↵', '\t': '→', ' ': '␣', '\r': '\\r'};
const JOINERS = '\u200c\u200d'; // Persian, Hindi and emoji are not written without them
const FOLDED = 0xfffd; // stands for what was rare, among bytes too
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const hex = (point, digits) => point.toString(16).padStart(digits, '0');

// A character, or an escape where it would not show, would turn the text around or is none.
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

  // The numbers of a text, and what the model lacks, with counts: U+FFFD takes its place where the model has it.
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

  // Bytes of a file, for a text of bytes. The folded symbol is not a byte: U+FFFD in UTF-8 replaces it.
  data(ids) {
    return Uint8Array.from(ids.flatMap(ix => this.points[ix] === FOLDED ? [0xef, 0xbf, 0xbd] : [this.points[ix]]));
  }

  char(ix) {
    return String.fromCodePoint(this.points[ix]);
  }

  // As a text shows it; of a byte that is not ASCII its number.
  shown(ix) {
    return this.bytes && this.points[ix] > 127 && this.points[ix] !== FOLDED ? `\\x${hex(this.points[ix], 2)}` : visible(this.char(ix));
  }

  // By itself: with signs for what is white
  named(ix) {
    return NAMED[this.char(ix)] ?? this.shown(ix);
  }

  // What was left out, in a sentence.
  told(lacked) {
    if (!lacked.size) return '';
    const names = [...lacked].slice(0, 8).map(([point, count]) => {
      const char = String.fromCodePoint(point);
      return `${this.bytes ? `\\x${hex(point, 2)}` : NAMED[char] ?? visible(char)} × ${count}`;
    });
    const more = lacked.size > 8 ? ` and ${lacked.size - 8} more` : '';
    return `Left out, as the model has never seen it: ${names.join(', ')}${more}.`;
  }
}
