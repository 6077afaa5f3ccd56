'use strict';
// The number of each character where none can be hovered over. Without scripts the page shows the rest.

const $ = id => document.getElementById(id);
const text = $('text'), names = {'\n': '↵', '\t': '→', ' ': '␣'};
const walk = new Walk(text, k => {
  const {textContent, title} = walk.spans[k];
  $('told').textContent = `“${names[textContent] ?? textContent}”: ${title}`;
});
walk.spans = [...text.querySelectorAll('span')];
walk.buttons($('back'), $('next'));
text.tabIndex = 0;
text.setAttribute('role', 'group');
text.setAttribute('aria-label', 'The text; arrow keys go through it');
$('told').textContent = 'Click on a character, or go through them by arrow keys.';
$('walk').hidden = false;
