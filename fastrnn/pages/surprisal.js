'use strict';
// Shows each character's bits without hovering, for touch and keyboards. Without scripts the page shows the rest.

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
text.setAttribute('aria-label', 'The text; arrow keys move through it');
$('told').textContent = 'Click a character, or move with the arrow keys.';
$('walk').hidden = false;
