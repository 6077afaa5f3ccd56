// Rows of n-grams: the logits get the sum of rows that the last 2, 3 ... characters point to by their hash, as in
// fastrnn/kernels/batched/ngrams.py, in 64 bits. In place of the model without them.

const NOTHING = 0xffffffff; // in place of characters before the text's first
const wrapped = h => BigInt.asUintN(64, h);

// A hash of a context, from that of all but its first character, and this one.
function mixed(h, c) {
  h = wrapped((h + BigInt(c) + 1n) * 0x9e3779b97f4a7c15n);
  return h ^ (h >> 29n);
}

// The rows of contexts of 2, 3 ... most characters, among so many of each; recent: the last characters, newest first.
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
    this.places = new Int32Array((most - 1) * rows); // of rows that are not 0, from 1 on
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
