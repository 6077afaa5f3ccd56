"""The elements of a page, with their attributes and texts."""

from html.parser import HTMLParser

EMPTY = ('meta', 'input')  # that have no end


class Reader(HTMLParser):
    """Elements with their attributes and texts."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ''])
        if tag not in EMPTY:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def all(self, tag):
        return [element for element in self.elements if element[0] == tag]

    def by_id(self, name):
        return next(text for _, attributes, text in self.elements if attributes.get('id') == name)
