// See: a text shaded by the surprisal of each character, or coloured by the activation of one unit.

const SHADES = 9, STEPS = 20; // shades for 0 to 8 bits and more; steps for activations from -1 to 1
const BY = {
  variance: 'standard deviation',
  quotes: 'inside quotes',
  brackets: 'inside brackets',
  line: 'position in the line',
  paragraph: 'first line of a paragraph',
  word: 'position in the word',
  space: 'spaces',
  newline: 'line ends',
  capital: 'capital letters',
  shouting: 'WORDS IN CAPITALS',
  vowel: 'vowels',
  digit: 'digits',
  punctuation: 'punctuation',
  surprise: 'surprisal',
};
const ROOM = 5e7; // stored activations, two bytes each
const stepOf = value => Math.round((Math.max(-1, Math.min(1, value)) + 1) / 2 * STEPS);
const shadeOf = bits => Math.min(SHADES - 1, Math.floor(Number(bits.toFixed(2))));

class See {
  constructor(page) {
    this.page = page;
    this.pane = new Pane(page.$('seen'), page.alphabet, k => this.show(k));
    this.pane.buttons(page.$('see-back'), page.$('see-next'));
    page.$('units').addEventListener('keydown', event => this.key(event));
    this.bars = new Bars(page.$('see-bars'), page.alphabet);
    this.index = 0;
    this.read = null;
    page.submitted('see-form', () => this.start(page.alphabet.encode(page.$('pasted').value)));
    page.$('use-written').addEventListener('click', () => {
      page.$('pasted').value = page.write.text;
      this.start({ids: page.write.pane.ids.slice(), lacked: new Map()}); // not from the text: it loses bytes that are not UTF-8
    });
    for (const one of page.all('[name=colour]')) one.addEventListener('change', () => this.colour());
    page.$('by').addEventListener('change', () => {
      page.$('by-unit').checked = true;
      this.rank();
    });
    for (const name of ['layer', 'state', 'unit']) {
      page.$(name).addEventListener('change', () => this.choose(this.chosen, true));
    }
    this.fields();
  }

  fields() {
    const {layers, H, states} = this.page.facts;
    const options = (names) => names.map((name, k) => new Option(name, k));
    this.page.$('layer').replaceChildren(...options(Array.from({length: layers}, (_, k) => `${k + 1}`)));
    this.page.$('state').replaceChildren(...options(['h: output', 'c: memory'].slice(0, states)));
    this.page.$('unit').max = H;
    this.page.$('layer').parentElement.hidden = layers === 1;
    this.page.$('state').parentElement.hidden = states === 1;
  }

  // The index of the selected layer, state and unit; parts() is the inverse.
  get chosen() {
    const {states, H} = this.page.facts, value = name => Number(this.page.$(name).value);
    const unit = Math.max(1, Math.min(H, Math.round(value('unit')) || 1));
    return (value('layer') * states + value('state')) * H + unit - 1;
  }

  parts(index) {
    const {states, H} = this.page.facts, block = Math.floor(index / H);
    return {layer: Math.floor(block / states), state: block % states, unit: index % H + 1};
  }

  name(index) {
    const {layers, states} = this.page.facts, {layer, state, unit} = this.parts(index);
    const words = [layers > 1 ? `layer ${layer + 1}` : '', states > 1 ? 'hc'[state] : '', unit];
    return words.filter(Boolean).join(' · ');
  }

  // Limits the time to lay out the text, and the memory for all activations.
  get longest() {
    const {layers, states, H} = this.page.facts;
    return Math.min(LONGEST_TEXT, Math.floor(ROOM / (layers * states * H)));
  }

  start({ids, lacked}) {
    const {alphabet} = this.page, {longest} = this;
    const note = ids.length > longest ? `Only the first ${longest.toLocaleString('en')} ${this.page.facts.unit}s are shown. ` : '';
    if (ids.length < 2) return this.page.say('see-note', `${alphabet.told(lacked)} The text needs at least two ${this.page.facts.unit}s that the model knows.`.trim());
    this.page.say('see-note', note + alphabet.told(lacked));
    const shown = ids.slice(0, longest);
    this.page.ask('read', {ids: shown}, answer => this.receive(answer, shown));
  }

  receive(answer, ids) {
    if (answer.kind === 'progress') {
      this.page.$('see-told').setAttribute('aria-live', 'off'); // don't announce each percentage
      return this.page.say('see-told', `reading: ${percent(answer.share)}`);
    }
    this.read = {...answer, text: ids};
    this.pane.set(ids);
    this.read.sums = this.pane.parts.map(part => this.sum(part));
    const known = answer.bits.slice(1), mean = known.reduce((sum, bits) => sum + bits, 0) / known.length;
    this.page.$('mean').textContent = mean.toFixed(3);
    this.page.$('many').textContent = answer.bits.length.toLocaleString('en');
    const there = ['variance', ...answer.present], before = this.page.$('by').value;
    this.page.$('by').replaceChildren(...there.map(name => new Option(BY[name], name)));
    this.page.$('by').value = there.includes(before) ? before : 'variance';
    this.values = null;
    this.colour();
    this.rank();
    this.pane.pick(-1);
  }

  // Bits of a cluster; NaN for the first character, which nothing precedes
  sum({from, to}) {
    const known = this.read.bits.slice(from, to).filter(bits => !Number.isNaN(bits));
    return known.length ? known.reduce((sum, bits) => sum + bits) : NaN;
  }

  rank() {
    if (this.read) this.page.query('rank', {by: this.page.$('by').value}, answer => this.list(answer));
  }

  list({by, list}) {
    this.page.$('units').replaceChildren(...list.map(unit => this.item(by, unit)));
    this.choose(list[0].index);
  }

  item(by, {index, score, strip}) {
    const item = element('li'), button = element('button', 'unit'), picture = element('canvas');
    const sign = by === 'variance' ? '± ' : score < 0 ? '−' : '+', told = sign + Math.abs(score).toFixed(2);
    button.type = 'button';
    button.index = index;
    picture.strip = strip;
    picture.setAttribute('aria-hidden', 'true');
    button.append(element('span', 'name', this.name(index)), picture, element('span', 'score', told));
    button.addEventListener('click', () => this.choose(index, true));
    item.append(button);
    this.paint(picture);
    return item;
  }

  // The unit's activations at the start of the text, one column per character
  paint(picture) {
    const {strip} = picture, context = picture.getContext('2d');
    picture.width = strip.length;
    picture.height = 1;
    strip.forEach((value, k) => {
      context.fillStyle = this.page.colours[stepOf(value)];
      context.fillRect(k, 0, 1, 1);
    });
  }

  repaint() {
    for (const picture of this.page.all('#units canvas')) this.paint(picture);
  }

  choose(index, wanted = false) {
    this.index = index;
    const parts = this.parts(index);
    for (const name in parts) this.page.$(name).value = parts[name];
    for (const button of this.page.all('.unit')) {
      button.setAttribute('aria-pressed', button.index === index);
      button.tabIndex = button.index === index ? 0 : -1;
    }
    if (wanted) this.page.$('by-unit').checked = true;
    if (this.read) this.page.query('unit', {index}, ({index, values}) => {
      if (index !== this.index || values.length !== this.read.text.length) return; // answers an earlier question
      this.values = values;
      this.colour();
    });
  }

  // The list of units is a single stop of the Tab key.
  key(event) {
    const units = [...this.page.all('.unit')], at = units.indexOf(document.activeElement), last = units.length - 1;
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    units[Math.max(0, Math.min(last, to))].focus();
  }

  get byUnit() {
    return this.page.$('by-unit').checked;
  }

  colour() {
    document.documentElement.dataset.colour = this.byUnit ? 'unit' : 'bits';
    if (!this.read) return;
    const {sums} = this.read, {parts} = this.pane, values = this.values;
    if (this.byUnit) {
      if (values) this.pane.colour(k => `u${stepOf(values[parts[k].to - 1])}`);
    } else this.pane.colour(k => Number.isNaN(sums[k]) ? '' : `s${shadeOf(sums[k])}`);
    this.show(this.pane.at);
  }

  show(k) {
    const {read, page} = this, picked = read && k >= 0;
    page.$('see-told').setAttribute('aria-live', 'polite');
    if (!picked) {
      page.say('see-told', read ? 'Click a character, or move with the arrow keys.' : '');
      this.bars.show([], [], -1);
      return;
    }
    const {from, to, char, shown} = this.pane.parts[k], bits = read.sums[k], units = `${to - from} ${page.facts.unit}s`;
    const unit = this.values ? ` Unit ${this.name(this.index)}: ${this.values[to - 1].toFixed(2).replace('-', '−')}.` : '';
    const told = Number.isNaN(bits) ? 'nothing precedes it' : `${bits.toFixed(2)} bits`;
    page.say('see-told', `“${NAMED[char] ?? shown}”: ${told}${to - from > 1 ? `, ${units}` : ''}.${unit}`);
    this.bars.show(read.top[from], read.shares[from], read.text[from]);
  }
}
