"""How fast the page of ``fastrnn export`` writes in chromium, and how long it keeps the browser waiting meanwhile.

``python bench/player.py``: models with random weights, of 65 characters; a page that draws 4,000 of them, in its worker,
and shows each. Needs chromium.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from fastrnn.model.architecture import Architecture
from fastrnn.model.init import scaled
from fastrnn.model.model import Model
from fastrnn.pages.player import page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tests' / 'support'))
from browser import Browser  # noqa: E402

CASES = (('rnn', 1, 100), ('gru', 1, 256), ('gru', 2, 192), ('lstm', 1, 256), ('lstm', 2, 512))
CHARS = ''.join(map(chr, [10, *range(32, 96)]))
LENGTH = 4000
# Draws, and looks at every frame how long ago the one before was
DRAW = """new Promise(done => {
  page.write.stop();
  let last = performance.now(), longest = 0, frames = 0;
  const look = now => {
    longest = Math.max(longest, now - last);
    last = now;
    frames++;
    if (!page.$('stop').disabled) return requestAnimationFrame(look);
    done([page.write.pane.ids.length, Number.parseInt(page.$('rate').textContent.replaceAll(',', '')), longest, frames]);
  };
  page.$('length').value = LENGTH;
  page.$('temperature').value = 1;
  document.querySelector('#write-form .main').click();
  requestAnimationFrame(now => { last = now; look(now); });
})"""


def main() -> None:
    print('| model | characters/s | longest wait between two frames |\n|---|---|---|')
    with tempfile.TemporaryDirectory() as place, Browser(Path(place) / 'profile') as browser:
        for cell, layers, H in CASES:
            architecture = Architecture(cell, layers, H, len(CHARS))
            model = Model(scaled(architecture, np.random.RandomState(0)).astype(np.float32), CHARS)
            path = Path(place) / 'model.html'
            path.write_text(page(model, architecture.words), encoding='utf-8')
            browser.open(path)
            browser.wait("page.$('stop').disabled")
            count, rate, longest, _ = browser.run(DRAW.replace('LENGTH', str(LENGTH)))
            assert count == LENGTH
            print(f'| {architecture.words} | {rate:,} | {longest:.0f} ms |', flush=True)


if __name__ == '__main__':
    main()
