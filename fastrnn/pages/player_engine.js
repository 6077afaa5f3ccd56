// Does the work in slices and handles messages between them: in a worker, or in the page if there is no worker.

const SLICE = 15; // milliseconds
const FLUSH = 30; // milliseconds between two pieces of text
const SHOWN = 10; // most likely characters sent for each place
const PLAIN = {temperature: 1, topK: Infinity, topP: 1};
const WHOLE = 32767; // an activation of 1
const LISTED = 30, STRIP = 120; // units in the list, and characters in the strip of each

class Engine {
  constructor(facts, buffer, send) {
    Object.assign(this, {facts, send, model: new Model(facts, buffer), task: null});
    this.chars = facts.points.map(point => String.fromCodePoint(point));
    this.first = Math.max(0, facts.points.indexOf(10));
    this.p = new Float32Array(facts.V);
    this.channel = new MessageChannel();
    this.channel.port1.onmessage = () => {
      this.scheduled = false;
      this.slice();
    };
    send({kind: 'ready'});
  }

  // A new task replaces the current one; answers carry the number of their job.
  receive({kind, job, ...options}) {
    if (kind === 'rank') return this.send({kind, job, ...this.rank(options)});
    if (kind === 'pace') return this.hasten(options.pace);
    if (kind === 'unit') return this.send({kind, job, ...options, values: this.column(options.index)});
    this.job = job;
    this.task = kind === 'stop' ? null : this[kind](options);
    clearTimeout(this.timer);
    if (this.task) this.schedule();
  }

  // Change the pace of the current task: characters per second; 0: full speed
  hasten(pace) {
    this.pace = pace;
    clearTimeout(this.timer);
    if (this.task) this.schedule();
  }

  schedule() {
    if (!this.scheduled) this.channel.port2.postMessage(null);
    this.scheduled = true;
  }

  tell(kind, facts) {
    this.send({kind, job: this.job, ...facts});
  }

  slice() {
    const end = performance.now() + SLICE;
    while (this.task) {
      const {done, value} = this.task.next();
      if (done) this.task = null;
      else if (value > 0) return void (this.timer = setTimeout(() => this.schedule(), value));
      else if (performance.now() > end) return this.schedule();
    }
  }

  // Draw characters after a prime, and send them in pieces.
  * write({prime, length, seed, skip, pace, ...rules}) {
    const {model, p} = this, random = new Mersenne(seed);
    this.pace = pace;
    model.reset();
    for (let k = 0; k < skip; k++) random.uniform();
    for (let k = 0; k < prime.length - 1; k++) yield model.read(prime[k], false);
    let ix = prime.length ? prime[prime.length - 1] : this.first, told = performance.now(), piece = new Piece();
    const start = told;
    let due = start; // time of the next character; delays up to 50 ms are caught up
    for (let n = 1; n <= length; n++) {
      model.read(ix);
      const total = distribution(model.logits, rules, p);
      if (!(total > 0)) return this.tell('failed', {});
      ix = choose(p, total, random.uniform());
      piece.add(ix, p, total);
      const now = performance.now();
      if (this.pace || now - told > FLUSH || n === length) {
        this.tell('drawn', {...piece.facts, last: n === length, rate: 1000 * (n - 1) / (now - start)});
        [piece, told] = [new Piece(), now];
      }
      if (this.pace) due = Math.max(due, now - 50) + 1000 / this.pace;
      yield this.pace ? Math.max(0, due - performance.now()) : 0;
    }
  }

  // Read a text: each character's surprisal, the most likely characters in its place, and all activations.
  * read({ids}) {
    const {model, p} = this, n = ids.length, bits = new Float32Array(n).fill(NaN), piece = new Piece();
    const units = model.layers * model.cell.states * model.H, activations = new Int16Array(n * units);
    let told = performance.now();
    model.reset();
    piece.skip();
    for (let k = 0; k < n; k++) {
      model.read(ids[k]);
      this.keep(activations, k * units);
      if (k + 1 < n) {
        const total = distribution(model.logits, PLAIN, p);
        bits[k + 1] = surprisal(model.logits, ids[k + 1]);
        piece.expect(p, total);
      }
      if (performance.now() - told > 100) {
        told = performance.now();
        this.tell('progress', {share: k / n});
      }
      yield 0;
    }
    Object.assign(this, {text: ids, bits, units, activations});
    this.tell('read', {bits, ...piece.facts, present: this.present()});
  }

  // h, and tanh(c), which the cell's output uses
  keep(activations, at) {
    for (const states of this.model.states) {
      for (const [kind, state] of states.entries()) {
        for (const value of state) activations[at++] = Math.round(WHOLE * (kind ? Math.tanh(value) : value));
      }
    }
  }

  column(index) {
    const values = new Float32Array(this.text.length);
    for (let k = 0; k < values.length; k++) values[k] = this.activations[k * this.units + index] / WHOLE;
    return values;
  }

  feature(name) {
    if (name === 'surprise') return Array.from(this.bits, value => value || 0);
    return FEATURES[name](Array.from(this.text, ix => this.chars[ix]));
  }

  // Features that are not constant in this text.
  present() {
    return [...Object.keys(FEATURES), 'surprise'].filter(name => deviation(this.feature(name)) > 0);
  }

  // The units with the largest deviation, or the largest absolute correlation with a feature.
  rank({by}) {
    const feature = by === 'variance' ? null : this.feature(by), found = [];
    for (let index = 0; index < this.units; index++) {
      const column = this.column(index);
      found.push({index, score: feature ? correlation(column, feature) : deviation(column)});
    }
    found.sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
    const list = found.slice(0, LISTED);
    for (const unit of list) unit.strip = this.column(unit.index).slice(0, STRIP);
    return {by, list};
  }
}

// Characters, and the most likely ones in the place of each.
class Piece {
  constructor() {
    Object.assign(this, {ids: [], top: [], shares: [], chances: []});
  }

  add(ix, p, total) {
    this.ids.push(ix);
    this.chances.push(p[ix] / total);
    this.expect(p, total);
  }

  expect(p, total) {
    const top = new Uint32Array(SHOWN), shares = new Float32Array(SHOWN);
    likeliest(p, total, SHOWN, top, shares, 0);
    this.top.push(top);
    this.shares.push(shares);
  }

  // The first character has no prediction
  skip() {
    this.top.push(new Uint32Array(SHOWN));
    this.shares.push(new Float32Array(SHOWN));
  }

  get facts() {
    return {ids: this.ids, top: this.top, shares: this.shares, chances: this.chances};
  }
}

// In bits; in float64: float32 would round probabilities near 1 visibly.
function surprisal(y, ix) {
  let top = y[0], sum = 0;
  for (const value of y) top = Math.max(top, value);
  for (const value of y) sum += Math.exp(value - top);
  return Math.max(0, (Math.log(sum) + top - y[ix]) / Math.LN2);
}

// The worker's first message has the model.
function serve() {
  let engine = null;
  onmessage = ({data}) => {
    if (engine) engine.receive(data);
    else engine = new Engine(data.facts, data.buffer, postMessage.bind(self));
  };
}
