// The n-gram table: adds rows to the logits, selected by a 64-bit hash of the last 2, 3 ... characters, as in
// fastrnn/kernels/batched/ngrams.py. Extends the model without a table.

const NOTHING = 0xffffffff; // before the text's first character
const wrapped = h => BigInt.asUintN(64, h);

// The hash of a context, from the hash of its later characters and its first character.
function mixed(h, c) {
  h = wrapped((h + BigInt(c) + 1n) * 0x9e3779b97f4a7c15n);
  return h ^ (h >> 29n);
}

// The rows of contexts of 2, 3 ... most characters, ``rows`` for each length; recent: last characters, newest first.
function contexts(recent, most, rows) {
  const found = [];
  let h = mixed(0n, recent[0]);
  for (let k = 1; k < most; k++) {
    h = mixed(h, recent[k] ?? NOTHING);
    const high = wrapped(h * 0xbf58476d1ce4e5b9n) >> 32n;
    found.push((k - 1) * rows + Number((high * BigInt(rows)) >> 32n));
  }
  return found;
}

Model = class extends Model {
  constructor(facts, buffer) {
    super(facts, buffer);
    const {most, rows} = this.ngrams = facts.ngrams, {kept} = this.weights;
    const bits = new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
    this.places = new Int32Array((most - 1) * rows); // places of rows that are not 0, counted from 1
    for (let row = 0, place = 0; row < this.places.length; row++) {
      if (bits[row >> 3] >> (row & 7) & 1) this.places[row] = ++place;
    }
  }

  reset() {
    super.reset();
    this.recent = [];
  }

  read(ix, wanted = true) {
    super.read(ix, wanted);
    const {weights, ngrams: {most, rows}, V, logits} = this;
    this.recent = [ix, ...this.recent.slice(0, most - 1)];
    if (!wanted) return;
    for (const row of contexts(this.recent, most, rows)) {
      const place = this.places[row];
      for (let k = 0, p = (place - 1) * V; place && k < V; k++) logits[k] += weights.ngrams[p++];
    }
  }
};
