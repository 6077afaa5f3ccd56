// Moves through a text element by element, by clicks, buttons or keys. The text is a single stop of the Tab key.

class Walk {
  // picked(k) is called when element k is selected; -1: none is.
  constructor(root, picked) {
    Object.assign(this, {root, picked, spans: [], at: -1});
    root.addEventListener('click', event => {
      const k = this.spans.indexOf(event.target);
      if (k >= 0 && getSelection().isCollapsed) this.pick(k);
    });
    root.addEventListener('keydown', event => this.key(event));
  }

  // Buttons back and next: screen readers use the arrow keys themselves, and a finger is wider than a letter.
  buttons(back, next) {
    back.addEventListener('click', () => this.go(this.at - 1));
    next.addEventListener('click', () => this.go(this.at + 1));
  }

  pick(k) {
    this.spans[this.at]?.classList.remove('at');
    this.at = k;
    this.spans[k]?.classList.add('at');
    this.picked(k);
  }

  go(k) {
    if (!this.spans.length) return;
    this.pick(Math.max(0, Math.min(this.spans.length - 1, k)));
    this.spans[this.at].scrollIntoView({block: 'nearest'});
  }

  key(event) {
    const to = {
      ArrowRight: this.at + 1, ArrowLeft: this.at - 1, Home: 0, End: this.spans.length - 1,
      ArrowDown: this.beside(1), ArrowUp: this.beside(-1),
    }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.go(to);
  }

  // The nearest element in the row above or below
  beside(step) {
    const here = this.spans[this.at]?.getBoundingClientRect();
    if (!here) return 0;
    let best = this.at, row = null, off = Infinity;
    for (let k = this.at + step; this.spans[k]; k += step) {
      const box = this.spans[k].getBoundingClientRect();
      if (Math.abs(box.top - here.top) < 2) continue;
      row ??= box.top;
      if (Math.abs(box.top - row) > 2) break;
      if (Math.abs(box.left - here.left) < off) [best, off] = [k, Math.abs(box.left - here.left)];
    }
    return best;
  }
}
