// Grapheme clusters: one character to a reader, possibly several to a model; as in clusters.py.

const FLAG = /^\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]+\u{e007f}$/u; // such as Scotland's, with invisible tags
const WIDTHS = [[0xc2, 1], [0xe0, 2], [0xf0, 3], [0xf5, 4]]; // number of bytes of a UTF-8 character whose first byte is below

// The clusters of ids: from, to, and the text that shows them. Bytes of one character are together.
function clusters(alphabet, ids) {
  const pieces = alphabet.bytes ? ofBytes(alphabet, ids) : ids.map((ix, k) => piece(k, k + 1, alphabet.char(ix)));
  const starts = boundaries(pieces.map(({char}) => char).join('')), found = [];
  for (let k = 0, at = 0; k < pieces.length;) {
    const first = k;
    do at += pieces[k++].char.length; while (k < pieces.length && !starts.has(at));
    const together = pieces.slice(first, k), text = together.map(({char}) => char).join('');
    const seen = FLAG.test(text) || together.every(({char, shown}) => char === shown);
    if (seen && k > first + 1) found.push({...piece(pieces[first].from, pieces[k - 1].to, text), shown: text});
    else found.push(...together);
  }
  return found;
}

const piece = (from, to, char) => ({from, to, char, shown: visible(char)});

// Where clusters start in a text; everywhere if the browser has no segmenter.
function boundaries(text) {
  if (!Intl.Segmenter) return {has: () => true};
  const segments = new Intl.Segmenter('en', {granularity: 'grapheme'}).segment(text);
  return new Set(Array.from(segments, ({index}) => index));
}

function ofBytes(alphabet, ids) {
  const points = ids.map(ix => alphabet.points[ix]), found = [];
  for (let k = 0; k < points.length;) {
    const [, width] = WIDTHS.find(([above]) => points[k] < above) ?? [0, 1], of = points.slice(k, k + width);
    const char = width > 1 && decoded(of);
    if (char) found.push(piece(k, k + width, char));
    else { // nothing attaches to a NUL
      const own = points[k] < 128 || points[k] === FOLDED;
      found.push(own ? piece(k, k + 1, alphabet.char(ids[k])) : {...piece(k, k + 1, '\0'), shown: alphabet.shown(ids[k])});
    }
    k = found[found.length - 1].to;
  }
  return found;
}

// The character that bytes encode in UTF-8; '' if they are invalid.
function decoded(bytes) {
  try {
    return bytes.includes(FOLDED) ? '' : new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(Uint8Array.from(bytes));
  } catch {
    return '';
  }
}
