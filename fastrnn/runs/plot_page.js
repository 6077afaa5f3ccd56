'use strict';
// Draws the curves with plotly.js from the data in the page, again after each change of axis or colour scheme.
(() => {
  const { runs, axes, low, high } = JSON.parse(document.getElementById('data').textContent);
  const place = document.getElementById('curves');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const hidden = new Set();

  // plotly interprets a few tags and entities in texts
  const plain = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const number = (value, digits) => value.toLocaleString('en-US', { maximumSignificantDigits: digits });
  const color = (run) => (dark.matches ? run.dark : run.light);

  function hover(run, points, what, k) {
    const lines = run.lines.map(plain);
    if (points.bits[k] !== null) lines.push(`${what}: ${points.bits[k].toFixed(3)} bits per character`);
    lines.push(`iteration ${number(points.iteration[k], 15)}`);
    if (points.rate[k] !== null) lines.push(`learning rate ${number(points.rate[k], 4)}`);
    lines.push(`${number(points.characters[k], 15)} characters, ${number(points.seconds[k], 4)} s`);
    return lines.join('<br>');
  }

  function trace(run, points, what, axis, style) {
    const x = points[axis.key].map((value) => value / axis.scale);
    const text = points.bits.map((_, k) => hover(run, points, what, k));
    return {
      type: 'scatter', x, y: points.bits, text, hovertemplate: '%{text}<extra></extra>', showlegend: false,
      visible: !hidden.has(run), mode: points.bits.length > 1 ? 'lines' : 'markers', ...style,
    };
  }

  function draw() {
    const axis = axes.find(({ key }) => document.getElementById(key).checked);
    const data = [];
    for (const run of runs) {
      const line = { color: color(run), width: 1.2 };
      for (const points of run.given_up) {
        data.push(trace(run, points, 'training, given up', axis, { line: { ...line, dash: 'dot' }, opacity: 0.5 }));
      }
      const light = run.validation.bits.length ? 0.5 : 0.9;
      data.push(trace(run, run.train, 'training', axis, { line, opacity: light, marker: { color: color(run) } }));
      const marker = { color: color(run), size: 6, symbol: run.symbol };
      data.push(trace(run, run.validation, 'validation', axis, { line: { ...line, width: 2.2 }, mode: 'lines+markers', marker }));
    }
    const style = getComputedStyle(document.documentElement);
    const [back, fore] = ['--back', '--fore'].map((name) => style.getPropertyValue(name).trim());
    const grid = { gridcolor: dark.matches ? '#3a3d3f' : '#ddd', zeroline: false };
    const logarithmic = document.getElementById('log').checked;
    const layout = {
      margin: { l: 48, r: 12, t: 28, b: 48 }, hovermode: 'closest', hoverlabel: { align: 'left' }, dragmode: 'zoom',
      paper_bgcolor: back, plot_bgcolor: back, font: { color: fore, family: 'system-ui, sans-serif' },
      xaxis: { ...grid, title: { text: axis.title }, type: logarithmic ? 'log' : 'linear', rangemode: 'tozero' },
      yaxis: { ...grid, title: { text: 'bits per character' }, range: [low, high] },
    };
    // listed: newer versions add a button that sends the chart to a server
    const modeBarButtons = [['zoom2d', 'pan2d', 'resetScale2d', 'toImage']];
    const config = { responsive: true, displaylogo: false, typesetMath: false, modeBarButtons };
    return window.Plotly.react(place, data, layout, config);
  }

  for (const run of runs) {
    const button = document.createElement('button');
    const stripe = document.createElement('span');
    const item = document.createElement('li');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    button.append(stripe, run.label);
    button.addEventListener('click', () => {
      if (!hidden.delete(run)) hidden.add(run);
      button.setAttribute('aria-pressed', String(!hidden.has(run)));
      draw();
    });
    item.append(button);
    document.getElementById('runs').append(item);
    run.paint = () => { stripe.style.background = color(run); };
    run.paint();
  }
  for (const input of document.querySelectorAll('input')) input.addEventListener('change', draw);
  dark.addEventListener('change', () => {
    for (const run of runs) run.paint();
    draw();
  });
  draw();
})();
