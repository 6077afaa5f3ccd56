// Properties that a unit may have learned to detect: one number for each character of a text.

const matching = pattern => chars => chars.map(char => pattern.test(char) ? 1 : 0);

// A number that is updated at each character.
const running = step => chars => {
  let value = 0;
  return chars.map((char, k) => value = step(value, char, chars, k));
};

// 1 between an opening and a closing character; a blank line also closes.
const between = (open, close) => running((inside, char, chars, k) => {
  if (char === '\n' && chars[k - 1] === '\n') return 0;
  if (inside ? close.includes(char) : open.includes(char)) return 1 - inside;
  return inside;
});

const begins = (chars, k) => k <= 0 || chars[k - 1] === '\n';
const LETTER = /[\p{L}\p{M}]/u;
const FEATURES = {
  quotes: between('"“«„', '"”»“'),
  brackets: between('([{', ')]}'),
  line: running((count, char, chars, k) => begins(chars, k) ? 0 : count + 1),
  word: running((count, char) => LETTER.test(char) ? count + 1 : 0),
  paragraph: running((inside, char, chars, k) => begins(chars, k) ? +begins(chars, k - 1) : inside),
  space: matching(/ /),
  newline: matching(/\n/),
  capital: matching(/\p{Lu}/u),
  shouting: chars => {
    const capital = matching(/\p{Lu}/u)(chars);
    return capital.map((one, k) => one && (capital[k - 1] || capital[k + 1]) ? 1 : 0);
  },
  vowel: matching(/[aeiouyаеёиоуыэюя]/i),
  digit: matching(/\p{Nd}/u),
  punctuation: matching(/[\p{P}\p{S}]/u),
};

// Pearson's correlation of two columns; 0 if either is constant.
function correlation(column, feature) {
  const n = column.length;
  let sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (let k = 0; k < n; k++) {
    const x = column[k], y = feature[k];
    sx += x;
    sy += y;
    sxx += x * x;
    syy += y * y;
    sxy += x * y;
  }
  const spread = (n * sxx - sx * sx) * (n * syy - sy * sy);
  return spread > 0 ? (n * sxy - sx * sy) / Math.sqrt(spread) : 0;
}

function deviation(column) {
  const n = column.length;
  let sum = 0, squares = 0;
  for (const x of column) {
    sum += x;
    squares += x * x;
  }
  return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
}
