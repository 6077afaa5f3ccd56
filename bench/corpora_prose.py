"""Documents of many kinds as plain ASCII text, for the English text of bench/corpora_debian.py."""

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser

WIDTH = 79  # of the lines made from HTML's paragraphs
FOREIGN = 0.02  # maximum share of non-ASCII characters in a document
SHORT = 40  # characters; shorter paragraphs may repeat: headings, options
INLINE = {'a', 'abbr', 'b', 'bdo', 'big', 'cite', 'code', 'dfn', 'em', 'font', 'i', 'img', 'kbd', 'q', 's', 'samp'}
INLINE |= {'small', 'span', 'strong', 'sub', 'sup', 'tt', 'u', 'var', 'wbr'}
LEFT_OUT = {'button', 'footer', 'form', 'head', 'header', 'nav', 'script', 'select', 'style', 'svg', 'table', 'title'}
PLAIN = str.maketrans(
    '\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u00b7\u00d7',
    "'''" + '"' * 5 + '-' * 7 + '**x',
)
INVISIBLE = re.compile('[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u2060\ufeff]')


class Page(HTMLParser):
    """Collects the paragraphs of an HTML page, without tables, scripts and blocks that only have links."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self._text, self._worth_it = '', False  # a block, and whether it has a word that is not a link
        self._left_out, self._pre, self._link = 0, False, False  # open elements

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._enter(tag, True)
        if tag == 'a':
            self._link = 'href' in dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        self._enter(tag, False)
        if tag == 'a':
            self._link = False

    def _enter(self, tag: str, opens: bool) -> None:
        if tag not in INLINE:
            self._end_block()
        if tag in LEFT_OUT:
            self._left_out = max(0, self._left_out + (1 if opens else -1))
        elif tag == 'pre':
            self._pre = opens

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._text += data
            self._worth_it |= not self._link and any(map(str.isalnum, data))

    def _end_block(self) -> None:
        if self._worth_it:
            plain = self._text.strip('\n') if self._pre else textwrap.fill(' '.join(self._text.split()), WIDTH)
            self.paragraphs.append(plain)
        self._text, self._worth_it = '', False

    def close(self) -> None:
        super().close()
        self._end_block()


def from_html(markup: str) -> str:
    page = Page()
    page.feed(markup)
    page.close()
    return '\n\n'.join(page.paragraphs)


def in_ascii(text: str) -> str | None:
    """The text with typed quotes and dashes, and letters without accents; skips lines that are still not ASCII.

    None if more than FOREIGN of the text is not ASCII: it is in another language, or a table of characters.
    """
    if len(text.encode('ascii', 'ignore')) < (1 - FOREIGN) * len(text):
        return None
    text = unicodedata.normalize('NFKD', text.translate(PLAIN))
    text = ''.join(c for c in text if not unicodedata.combining(c))
    lines = INVISIBLE.sub('', text).split('\n')
    return '\n'.join(line.rstrip() for line in lines if line.isascii())


class Unseen:
    """Skips repeated paragraphs (licences, notices), because held-out text must not be in the training text."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def part(self, text: str) -> str:
        kept = []
        for paragraph in re.split(r'\n\s*\n', text.strip('\n')):
            words = ' '.join(paragraph.split())
            if len(words) < SHORT or words not in self._seen:
                kept.append(paragraph)
            self._seen.add(words)
        return '\n\n'.join(kept)
