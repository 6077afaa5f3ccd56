// Write: generates text at a readable pace and shows it as it is drawn, with the most likely characters at each place.

const LONGEST_TEXT = 20000; // characters; browsers lay out longer texts slowly
const MOODS = [
  [0, 'always the most likely'], [0.6, 'cautious'], [0.9, 'careful'],
  [1.05, 'as learned'], [1.4, 'daring'], [9, 'wild'],
];

class Write {
  constructor(page) {
    this.page = page;
    const {alphabet} = page;
    this.pane = new Pane(page.$('written'), alphabet, k => this.show(k));
    this.pane.buttons(page.$('write-back'), page.$('write-next'));
    this.bars = new Bars(page.$('write-bars'), alphabet, ix => this.goOnWith(ix));
    this.reset();
    this.keys();
    page.submitted('write-form', () => this.start());
    page.$('stop').addEventListener('click', () => this.stop());
    page.$('finish').addEventListener('click', () => this.go(0));
    page.$('pace').addEventListener('change', () => this.go(this.pace));
    page.$('copy').addEventListener('click', () => this.copy());
    page.$('download').addEventListener('click', () => this.download());
    page.$('another').addEventListener('click', () => {
      page.$('seed').value = Math.floor(Math.random() * 1e6);
      this.start();
    });
    for (const name of ['temperature', 'top-k']) page.$(name).addEventListener('input', () => this.label());
    page.all('.beginnings button').forEach((button, k) => button.addEventListener('click', () => {
      this.offered = page.facts.primes[k];
      page.$('prime').value = this.offered;
      this.start();
    }));
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) page.$('pace').value = 0; // no animation
    if (matchMedia('(max-width: 52rem)').matches) page.$('rules').open = false; // keeps the text in view
    this.label();
  }

  // Enter moves from a character to its bars, Escape moves back.
  keys() {
    const root = this.page.$('written'), bars = this.page.$('write-bars');
    root.addEventListener('keydown', event => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      (bars.querySelector('.taken button') ?? bars.querySelector('button'))?.focus();
    });
    bars.addEventListener('keydown', ({key}) => key === 'Escape' && root.focus());
  }

  // A field drops carriage returns; an offered prime may have them. Two primes may differ in nothing else: the last one
  // that was clicked counts.
  get prime() {
    const {value} = this.page.$('prime'), offered = [this.offered, ...this.page.facts.primes];
    return offered.find(text => text?.replace(/\r\n?/g, '\n') === value) ?? value;
  }

  // Characters per second; 0: full speed
  get pace() {
    return Number(this.page.$('pace').value);
  }

  // Change the pace while the model writes.
  go(pace) {
    if (this.page.$('stop').disabled) return;
    this.follows = pace > 0;
    this.page.post({kind: 'pace', pace});
  }

  reset() {
    Object.assign(this, {top: [], shares: [], chances: [], primed: 0});
    this.pane.clear();
  }

  number(name, low, high) {
    const field = this.page.$(name), value = Number(field.value);
    const kept = Math.min(high, Math.max(low, Number.isFinite(value) ? value : low));
    if (kept !== value) field.value = kept;
    return kept;
  }

  label() {
    const temperature = Number(this.page.$('temperature').value);
    const [, word] = MOODS.find(([most]) => temperature <= most);
    this.page.$('temperature-value').value = `${temperature.toFixed(2)}, ${word}`;
  }

  get rules() {
    return {
      temperature: this.number('temperature', 0, 2),
      topK: Math.round(this.number('top-k', 0, this.page.facts.V)) || Infinity,
      topP: this.number('top-p', 0, 1) || 1,
      seed: Math.round(this.number('seed', 0, 4294967295)),
      pace: this.pace,
    };
  }

  // Start again, after the prime.
  start() {
    const {ids, lacked} = this.page.alphabet.encode(this.prime);
    const most = LONGEST_TEXT / 2, cut = `Only the last ${most.toLocaleString('en')} ${this.page.facts.unit}s are read. `;
    this.page.say('write-note', (ids.length > most ? cut : '') + this.page.alphabet.told(lacked));
    this.reset();
    this.take(ids.slice(-most));
    this.primed = this.pane.ids.length;
    this.draw(0);
  }

  // Replace the character whose bars are shown, and continue from there.
  goOnWith(ix) {
    const at = this.place;
    if (!(at >= this.primed)) return;
    const kept = this.pane.ids.slice(0, at);
    const [top, shares, chances, primed] = [this.top, this.shares, this.chances, this.primed];
    const bar = top[at].indexOf(ix);
    this.reset();
    this.pane.add(kept, kept.map((_, k) => k < primed ? 'prime' : ''));
    this.pane.add([ix], ['steered']);
    Object.assign(this, {top: top.slice(0, at + 1), shares: shares.slice(0, at + 1), primed});
    this.chances = [...chances.slice(0, at), shares[at][bar]];
    this.pane.pick(at);
    this.draw(at + 1 - primed);
    this.page.$('written').focus();
  }

  take(prime) {
    this.pane.add(prime, prime.map(() => 'prime'));
    for (const _ of prime) {
      this.top.push([]);
      this.shares.push([]);
      this.chances.push(NaN);
    }
  }

  draw(skip) {
    const length = Math.round(this.number('length', 1, LONGEST_TEXT));
    const left = Math.max(1, Math.min(length - skip, LONGEST_TEXT));
    this.follows = this.pace > 0; // at full speed the text stays at its start
    this.busy(true);
    const job = {prime: this.pane.ids.slice(), length: left, skip, ...this.rules};
    this.page.ask('write', job, answer => this.receive(answer));
  }

  receive({kind, ids, top, shares, chances, last, rate}) {
    if (kind === 'failed') {
      this.page.say('write-note', 'The model cannot continue: its numbers are too large to give probabilities.');
      return this.busy(false);
    }
    const root = this.page.$('written'), atEnd = root.scrollHeight - root.scrollTop - root.clientHeight < 40;
    this.pane.add(ids);
    this.top.push(...top);
    this.shares.push(...shares);
    this.chances.push(...chances);
    if (this.pane.at < 0) this.show(this.pane.ids.length - 1);
    if (atEnd && this.follows) root.scrollTop = root.scrollHeight;
    const timed = rate > 0 && Number.isFinite(rate); // not for one character, nor between two ticks of the clock
    this.page.say('rate', !timed ? '' : `${Math.round(rate).toLocaleString('en')} ${this.page.facts.unit}s per second`);
    if (last) {
      this.end();
      this.page.show();
    }
  }

  stop() {
    this.page.stop();
    this.end();
  }

  // Announced once to screen readers: announcing each character would be too much.
  end() {
    const {length} = this.pane.ids.slice(this.primed);
    this.page.say('write-done', `${length.toLocaleString('en')} ${this.page.facts.unit}s written.`);
    this.busy(false);
  }

  busy(now) {
    const buttons = [this.page.$('stop'), this.page.$('finish')];
    if (!now && buttons.includes(document.activeElement)) this.page.$('written').focus(); // a disabled button loses the focus
    for (const button of buttons) button.disabled = !now;
    this.page.$('written').setAttribute('aria-busy', now);
    this.page.$('write-told').setAttribute('aria-live', now ? 'off' : 'polite'); // not for each drawn character
  }

  // Show the most likely characters at place k.
  show(k) {
    this.place = k;
    const {alphabet} = this.page, ix = this.pane.ids[k], given = k < this.primed;
    const last = clusters(alphabet, this.pane.ids.slice(Math.max(0, k - 40), k)).slice(-12);
    const before = last.map(({char, shown}) => NAMED[char] ?? shown).join('');
    this.page.$('write-after').replaceChildren(...before ? ['after ', element('q', '', before)] : ['at the start']);
    this.bars.show(this.top[k] ?? [], this.shares[k] ?? [], ix);
    const chance = this.chances[k];
    this.page.$('write-told').textContent = given
      ? `You entered this ${this.page.facts.unit}.`
      : `“${alphabet.named(ix)}”: probability ${percent(chance)}, ${(-Math.log2(chance)).toFixed(2)} bits.`;
  }

  get text() {
    return this.page.alphabet.decode(this.pane.ids);
  }

  async copy() {
    let done = true;
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      const field = element('textarea');
      field.value = this.text;
      document.body.append(field);
      field.select();
      done = document.execCommand('copy');
      field.remove();
    }
    this.page.say('write-done', done ? 'Copied.' : 'The browser does not let this page copy: select the text and copy it.');
  }

  download() {
    const {alphabet} = this.page, link = element('a');
    const data = alphabet.bytes ? alphabet.data(this.pane.ids) : this.text;
    link.href = URL.createObjectURL(new Blob([data], {type: 'text/plain;charset=utf-8'}));
    link.download = 'written.txt';
    link.click();
    if (parent !== self) this.page.say('write-done', 'If no file appears, the surrounding page forbids downloads: use Copy.');
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}
