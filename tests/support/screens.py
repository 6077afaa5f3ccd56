"""Terminals that know what stands in them."""

import io
import os
import re
import sys
import threading
from contextlib import suppress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Screen(Terminal):
    """A terminal that breaks lines anew when its width changes; it knows what the line at the bottom needs."""

    def __init__(self, columns):
        super().__init__()
        self.columns, self.rows, self.row, self.column = columns, [''], 0, 0
        self.broken = set()  # rows that are the continuation of the one before

    def write(self, text):
        for code, up, char in re.findall(r'(\x1b\[(?:(\d+)A|[?\d;]*[a-zA-Z]))|(.|\n)', text):
            if up:
                self.row -= int(up)
            elif code == '\x1b[2K':
                self.rows[self.row] = ''
                self.broken.discard(self.row + 1)
            elif not code:
                self._put(char)
        return len(text)

    def _put(self, char):
        if char == '\r':
            self.column = 0
            return
        if char == '\n' or self.column == self.columns:
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.rows):
                self.rows.append('')
            if char == '\n':
                self.broken.discard(self.row)
                return
            self.broken.add(self.row)
        row = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = row[: self.column] + char + row[self.column + 1 :]
        self.column += 1

    def resize(self, columns):
        lines, at = [], None
        for number, row in enumerate(self.rows):
            if number not in self.broken:
                lines.append('')
            if number == self.row:
                at = len(lines) - 1, len(lines[-1]) + self.column
            lines[-1] += row
        self.rows, self.broken = [], set()
        for number, text in enumerate(lines):
            pieces = [text[k : k + columns] for k in range(0, len(text), columns)] or ['']
            if number == at[0]:
                past = max(0, at[1] - 1)
                self.row = len(self.rows) + past // columns
                self.column = at[1] - past // columns * columns
            self.broken |= set(range(len(self.rows) + 1, len(self.rows) + len(pieces)))
            self.rows += pieces
        self.columns = columns

    def shown(self):
        return [row.rstrip() for row in self.rows if row.strip()]


class Pty:
    """A terminal of the system's, for standard output and standard error; what it was given is ``data``, as bytes."""

    def __init__(self, monkeypatch):
        self._monkeypatch, self.data = monkeypatch, b''

    def __enter__(self):
        self._master, slave = os.openpty()
        self._stream = open(slave, 'w', encoding='utf-8', newline='\n')
        for name in ('stdout', 'stderr'):
            self._monkeypatch.setattr(sys, name, self._stream)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._monkeypatch.undo()
        self._stream.close()  # which ends the reader
        self._reader.join()
        os.close(self._master)

    def _read(self):
        with suppress(OSError):
            while data := os.read(self._master, 1 << 16):
                self.data += data
