// The page: what its three views share, and the connection to the model, in a worker or in the page.

class Page {
  constructor() {
    this.facts = JSON.parse(this.$('facts').textContent);
    this.facts.states = CELLS[this.facts.cell].states;
    this.alphabet = new Alphabet(this.facts);
    this.jobs = new Map();
    this.job = 0;
    this.readColours();
    this.write = new Write(this);
    this.see = new See(this);
    this.connect();
    this.tabs();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', () => {
      this.readColours();
      this.see.repaint();
    });
  }

  $(id) {
    return document.getElementById(id);
  }

  all(selector) {
    return document.querySelectorAll(selector);
  }

  say(id, text) {
    this.$(id).textContent = text;
  }

  // Colours of activations from the style sheet, for the canvases
  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colours = Array.from({length: STEPS + 1}, (_, k) => style.getPropertyValue(`--u${k}`).trim());
  }

  // --- the model ---

  connect() {
    let ready = false;
    const receive = answer => {
      ready = true;
      this.receive(answer);
    };
    try {
      const source = this.$('engine').textContent, url = URL.createObjectURL(new Blob([`${source}\nserve();`]));
      const worker = new Worker(url);
      worker.onmessage = ({data}) => receive(data);
      worker.onerror = () => ready || this.here();
      this.send = message => worker.postMessage(message);
      const buffer = this.weights();
      worker.postMessage({facts: this.facts, buffer}, [buffer]);
    } catch {
      this.here();
    }
  }

  // Without a worker: work in slices, so that the browser can draw between them
  here() {
    const engine = new Engine(this.facts, this.weights(), answer => setTimeout(() => this.receive(answer)));
    this.send = message => engine.receive(message);
    for (const message of this.asked ?? []) this.send(message);
  }

  weights() {
    const text = atob(this.$('weights').textContent.trim()), bytes = new Uint8Array(text.length);
    for (let k = 0; k < bytes.length; k++) bytes[k] = text.charCodeAt(k);
    return bytes.buffer;
  }

  // A task; it replaces the previous one.
  ask(kind, options, answered) {
    for (const [job, {task}] of this.jobs) if (task) this.jobs.delete(job);
    if (kind === 'write') this.see.show(this.see.pane.at); // clears the progress of reading
    else this.write.busy(false);
    this.jobs.set(++this.job, {task: true, answered});
    this.post({kind, job: this.job, ...options});
  }

  // A question, answered immediately.
  query(kind, options, answered) {
    this.jobs.set(++this.job, {task: false, answered});
    this.post({kind, job: this.job, ...options});
  }

  stop() {
    this.ask('stop', {}, () => {});
  }

  post(message) {
    if (this.working) this.send(message);
    else {
      this.asked = [...this.asked ?? [], message];
      this.send(message);
    }
  }

  receive(answer) {
    if (answer.kind === 'ready') {
      this.working = true;
      return;
    }
    const job = this.jobs.get(answer.job);
    if (!job) return;
    if (!job.task) this.jobs.delete(answer.job);
    job.answered(answer);
  }

  // --- three views ---

  tabs() {
    const tabs = [...this.all('[role=tab]')];
    tabs.forEach((tab, k) => {
      tab.addEventListener('click', () => this.open(tab.id.slice(4)));
      tab.addEventListener('keydown', ({key}) => {
        const to = {ArrowRight: k + 1, ArrowLeft: k - 1, Home: 0, End: -1}[key];
        if (to === undefined) return;
        const next = tabs.at(to % tabs.length);
        this.open(next.id.slice(4));
        next.focus();
      });
    });
    addEventListener('hashchange', () => this.open(location.hash.slice(2)));
    this.open(location.hash.slice(2) || 'write');
    this.write.start();
  }

  open(name) {
    if (!['write', 'see', 'know'].includes(name)) return;
    for (const tab of this.all('[role=tab]')) {
      const own = tab.id === `tab-${name}`;
      tab.setAttribute('aria-selected', own);
      tab.tabIndex = own ? 0 : -1;
      this.$(tab.id.slice(4)).hidden = !own;
    }
    if (name !== 'write') this.write.go(0); // nobody watches: full speed
    this.remember(name);
    this.show();
  }

  // In the page's address; inside a frame with srcdoc or a data: URL it can't be changed.
  remember(name) {
    if (location.hash.slice(2) === name) return;
    try {
      history.replaceState(null, '', `#/${name}`); // not an id: the page does not scroll
    } catch { /* SecurityError: the view is open anyway */ }
  }

  // Run by the main button, or by Enter, which clicks it. The form is not submitted: a sandboxed frame forbids that.
  submitted(id, act) {
    const form = this.$(id);
    form.querySelector('.main').addEventListener('click', event => {
      event.preventDefault();
      if (!form.checkValidity()) this.$('rules').open = true; // shows the invalid number
      if (form.reportValidity()) act();
    });
  }

  // See starts with the generated text.
  show() {
    const {ids} = this.write.pane;
    const untouched = !this.see.read && !this.$('pasted').value && this.$('stop').disabled; // reading would stop the writing
    if (!this.$('see').hidden && untouched && ids.length > 100) this.$('use-written').click();
  }
}

const page = new Page();
