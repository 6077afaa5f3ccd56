// A text whose characters can be selected, and bars with the most likely characters at a place.

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const LEAST = 0.00005; // smaller shares would show as 0.00 %
const percent = share => `${(100 * share).toFixed(share < 0.01 ? 2 : share < 0.0995 ? 1 : 0)} %`;

class Pane extends Walk {
  constructor(root, alphabet, picked) {
    super(root, picked);
    this.alphabet = alphabet;
    this.clear();
  }

  clear() {
    Object.assign(this, {ids: [], spans: [], open: [], at: -1, line: null});
    this.root.replaceChildren();
  }

  // Append characters, each in its own element; marks are CSS classes for their colours.
  add(ids, marks = []) {
    ids.forEach((ix, k) => {
      this.ids.push(ix);
      const span = this.append(this.alphabet.char(ix), this.alphabet.shown(ix), marks[k]);
      if (this.alphabet.bytes) this.join(this.alphabet.points[ix], span);
    });
  }

  // A whole text, one element per grapheme cluster; ``parts`` has each cluster's characters: from, to.
  set(ids) {
    this.clear();
    this.ids = ids;
    this.parts = clusters(this.alphabet, ids);
    for (const {char, shown} of this.parts) this.append(char, shown);
  }

  // Each line is a block: a new character does not make the browser lay out the whole text again.
  append(char, shown, mark = '') {
    const plain = char === '\n' || char === '\t', span = element('span', '', plain ? char : shown);
    span.kind = plain ? (char === '\n' ? ' n' : ' t') : shown === char ? '' : ' x';
    span.className = mark + span.kind;
    this.spans.push(span);
    this.line ??= this.root.appendChild(element('div', 'line'));
    this.line.append(span);
    if (char === '\n') this.line = null;
    return span;
  }

  // Bytes that form one character: the first shows it, the others are dots.
  join(byte, span) {
    if ((byte & 0xc0) !== 0x80) this.open = byte < 0xc2 || byte > 0xf4 ? [] : [{byte, span}]; // the folded symbol is not a byte
    else if (this.open.length) this.open.push({byte, span});
    const lead = this.open[0]?.byte ?? 0;
    if (this.open.length < 2 || this.open.length < (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)) return;
    const char = decoded(this.open.map(one => one.byte)); // '' if invalid: the bytes stay escapes
    if (char) this.open.forEach(({span}, k) => {
      span.textContent = k ? '·' : visible(char);
      span.classList.replace('x', k ? 'more' : 'joined');
      span.kind = k ? ' more' : '';
    });
    this.open = [];
  }

  colour(mark) {
    this.spans.forEach((span, k) => span.className = mark(k) + span.kind + (k === this.at ? ' at' : ''));
  }
}

// The most likely characters at a place, with their shares; ``chosen`` is called if a bar is clicked.
class Bars {
  constructor(root, alphabet, chosen = null) {
    Object.assign(this, {root, alphabet, chosen});
  }

  show(top, shares, ix) {
    const rows = [];
    for (let k = 0; k < top.length && shares[k] > 0; k++) {
      if (shares[k] >= LEAST || top[k] === ix) rows.push(this.row(top[k], shares[k], top[k] === ix));
    }
    this.root.replaceChildren(...rows);
  }

  row(ix, share, taken) {
    const item = element('li', taken ? 'taken' : ''), name = this.alphabet.named(ix);
    const row = element(this.chosen ? 'button' : 'div', 'bar');
    const fill = element('span', 'fill');
    fill.style.inlineSize = `${Math.max(0.5, 100 * share)}%`;
    const track = element('span', 'track');
    track.append(fill);
    row.append(element('span', 'char', name), track, element('span', 'share', percent(share)));
    if (this.chosen) {
      row.type = 'button';
      row.title = 'Use this here and continue';
      row.addEventListener('click', () => this.chosen(ix));
    }
    item.append(row);
    return item;
  }
}
