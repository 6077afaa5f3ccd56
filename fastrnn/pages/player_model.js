'use strict';
// The model: weights in typed arrays, and the step that a character makes. Cells follow PyTorch, as in
// fastrnn/kernels/batched: products are summed in float64, results are stored as float32.

const sigmoid = x => 1 / (1 + Math.exp(-x));

// The step of one layer, for each cell. x (G*H) is from the layer below, z (G*H) from the previous state, both without
// biases; b (G*H) are biases, own (H) a GRU's bias of the hidden side. Changes h, and c of an LSTM, in place.
const CELLS = {
  rnn: {gates: 1, states: 1, step(H, x, z, b, own, h) {
    for (let k = 0; k < H; k++) h[k] = Math.tanh(x[k] + z[k] + b[k]);
  }},
  gru: {gates: 3, states: 1, step(H, x, z, b, own, h) {
    for (let k = 0, u = H, n = 2 * H; k < H; k++, u++, n++) {
      const reset = sigmoid(x[k] + z[k] + b[k]), update = sigmoid(x[u] + z[u] + b[u]);
      const fresh = Math.tanh(x[n] + b[n] + reset * (z[n] + own[k]));
      h[k] = update * h[k] + (1 - update) * fresh;
    }
  }},
  lstm: {gates: 4, states: 2, step(H, x, z, b, own, h, c) {
    for (let k = 0, f = H, g = 2 * H, o = 3 * H; k < H; k++, f++, g++, o++) {
      const input = sigmoid(x[k] + z[k] + b[k]), forget = sigmoid(x[f] + z[f] + b[f]);
      c[k] = forget * c[k] + input * Math.tanh(x[g] + z[g] + b[g]);
      h[k] = sigmoid(x[o] + z[o] + b[o]) * Math.tanh(c[k]);
    }
  }},
};

// out = W @ x; W (rows, cols) starts at an index. Four rows at a time read x once.
function multiply(W, from, rows, cols, x, out) {
  let row = 0, p = from;
  for (; row + 4 <= rows; row += 4, p += 4 * cols) {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (let k = 0, p0 = p, p1 = p0 + cols, p2 = p1 + cols, p3 = p2 + cols; k < cols; k++) {
      const value = x[k];
      s0 += W[p0++] * value;
      s1 += W[p1++] * value;
      s2 += W[p2++] * value;
      s3 += W[p3++] * value;
    }
    out[row] = s0;
    out[row + 1] = s1;
    out[row + 2] = s2;
    out[row + 3] = s3;
  }
  for (; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < cols; k++) sum += W[p++] * x[k];
    out[row] = sum;
  }
}

// The tensors by name. A matrix in 8 bits has float32 scales, one per row, and then the rows.
function unpack(tensors, buffer) {
  const found = {};
  let at = 0;
  for (const {name, rows, cols, bits} of tensors) {
    const size = rows * cols;
    if (bits === 32) {
      found[name] = new Float32Array(buffer, at, size);
      at += 4 * size;
      continue;
    }
    const scales = new Float32Array(buffer, at, rows), whole = new Int8Array(buffer, at + 4 * rows, size);
    const weights = found[name] = new Float32Array(size);
    for (let row = 0, k = 0; row < rows; row++) {
      for (const end = k + cols; k < end; k++) weights[k] = whole[k] * scales[row];
    }
    at += 4 * (rows + Math.ceil(size / 4));
  }
  return found;
}

class Model {
  constructor({cell, layers, H, V, tensors}, buffer) {
    Object.assign(this, {layers, H, V, cell: CELLS[cell], weights: unpack(tensors, buffer)});
    const rows = this.rows = this.cell.gates * H;
    this.x = new Float32Array(rows);
    this.z = new Float32Array(rows);
    this.logits = new Float32Array(V);
    const parts = (array, size) => Array.from({length: layers}, (_, k) => array.subarray(k * size, (k + 1) * size));
    this.biases = parts(this.weights.bh, rows);
    this.own = parts(this.weights.bhn, this.weights.bhn.length / layers);
    this.reset();
  }

  // states[layer][0] is h, of an LSTM states[layer][1] is c
  reset() {
    const zeros = () => Array.from({length: this.cell.states}, () => new Float32Array(this.H));
    this.states = Array.from({length: this.layers}, zeros);
  }

  // Read a character; the logits then predict the next one.
  read(ix, wanted = true) {
    const {weights, H, rows} = this;
    let x = weights.WxhT.subarray(ix * rows, (ix + 1) * rows);
    for (let layer = 0; layer < this.layers; layer++) {
      const states = this.states[layer];
      if (layer) {
        multiply(weights.Wih, (layer - 1) * rows * H, rows, H, this.states[layer - 1][0], this.x);
        x = this.x;
      }
      multiply(weights.Whh, layer * rows * H, rows, H, states[0], this.z);
      this.cell.step(H, x, this.z, this.biases[layer], this.own[layer], ...states);
    }
    if (!wanted) return;
    multiply(weights.Why, 0, this.V, H, this.states[this.layers - 1][0], this.logits);
    for (let k = 0; k < this.V; k++) this.logits[k] += weights.by[k];
  }
}
