// Draws the next character by the rules and the random numbers of fastrnn.sample: the same seed gives the same text,
// unless rounding differs in the last bits.

// MT19937 (Matsumoto and Nishimura 1998), with the seeding and the uniform numbers of NumPy's RandomState.
class Mersenne {
  constructor(seed) {
    const key = this.key = new Uint32Array(624);
    this.at = 624;
    for (let k = 0, last = key[0] = seed; k < 623; last = key[++k]) {
      key[k + 1] = Math.imul(1812433253, last ^ (last >>> 30)) + k + 1;
    }
  }

  refill() {
    const key = this.key;
    for (let k = 0; k < 624; k++) {
      const y = (key[k] & 0x80000000) | (key[(k + 1) % 624] & 0x7fffffff);
      key[k] = key[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  next() {
    if (this.at === 624) this.refill();
    let y = this.key[this.at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  uniform() {
    const high = this.next() >>> 5, low = this.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }
}

// Writes unnormalized probabilities into p (float32) and returns their sum. Top-k is applied first, then top-p to the
// rest, as in fastrnn/kernels/sampling.py.
function distribution(y, {temperature, topK, topP}, p) {
  const V = y.length;
  let most = 0;
  for (let k = 1; k < V; k++) if (y[k] > y[most]) most = k;
  if (temperature === 0) {
    p.fill(0);
    return p[most] = 1;
  }
  const divisor = Math.max(Math.fround(temperature), 1.2e-38), top = y[most];
  for (let k = 0; k < V; k++) p[k] = Math.exp(Math.fround(Math.fround(y[k] - top) / divisor));
  if (topK < V) keepLargest(p, topK, Infinity);
  if (topP < 1) keepLargest(p, V, topP * sum(p));
  return sum(p);
}

function sum(p) {
  let total = 0;
  for (let k = 0; k < p.length; k++) total += p[k];
  return total;
}

// Keep the fewest largest values that reach ``count`` or sum to ``mass``; of ties the first. The others become 0.
function keepLargest(p, count, mass) {
  const sorted = p.slice().sort();
  let kept = 0, reached = 0, least = 0;
  while (kept < count && reached < mass) reached += least = sorted[p.length - ++kept];
  let ties = kept;
  for (const value of p) if (value > least) ties--;
  for (let k = 0; k < p.length; k++) {
    if (p[k] < least || (p[k] === least && ties-- <= 0)) p[k] = 0;
  }
}

// The first character at which the cumulative sum of p exceeds u * total.
function choose(p, total, u) {
  let edge = 0;
  for (let k = 0; k < p.length - 1; k++) if ((edge += p[k]) / total > u) return k;
  return p.length - 1;
}

// Writes the most likely characters into ids and shares, largest first, starting at an index.
function likeliest(p, total, count, ids, shares, from) {
  let least = 0;
  for (let k = 0; k < p.length; k++) {
    if (p[k] <= least) continue;
    const share = p[k] / total;
    let place = from + count - 1;
    for (; place > from && share > shares[place - 1]; place--) {
      ids[place] = ids[place - 1];
      shares[place] = shares[place - 1];
    }
    ids[place] = k;
    shares[place] = share;
    least = shares[from + count - 1] * total;
  }
}
