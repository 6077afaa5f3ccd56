"""Cache folders, and what is in them."""

import os
import stat
import time

import numpy as np
import pytest
from helpers import SONNETS

from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.system.cache_folder import items

DAY = 86400.0


def add_kernels(root, digit, days):
    """A folder of compiled kernels that was last used some days ago."""
    folder = root / f'kernels-{digit * 16}'
    folder.mkdir(parents=True)
    (folder / 'code').write_bytes(bytes(500))
    moment = time.time() - days * DAY
    os.utime(folder, (moment, moment))
    return folder


def limit(monkeypatch, root, change):
    """Let the cache keep to what is in it now and so many bytes more."""
    monkeypatch.setenv('FASTRNN_CACHE_SIZE', str(sum(item.bytes for item in items(root)) + change))


def right(corpus, text=None):
    """Whether a corpus is that of the text, or of the sonnets."""
    expected = Corpus.of(SONNETS.read_text(encoding='utf-8') if text is None else text)
    return corpus.chars == expected.chars and np.array_equal(corpus.ids, expected.ids)


def entries(cache):
    return [entry for entry in cache.iterdir() if entry.name != 'files'] if cache.exists() else []


def fail(code):
    """A function that the system refuses."""

    def raiser(*args, **options):
        raise OSError(code, os.strerror(code))

    return raiser


def refused(paths, **options):
    """The one line that a text is refused with."""
    with pytest.raises(ValueError) as error:
        open_corpus(paths, **options)
    message = str(error.value)
    assert '\n' not in message
    return message


def folder(path, mode=0o755):
    """Made, with this mode whatever the umask."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def ids_file(cache):
    """Of the only text in it."""
    (path,) = cache.glob('*/ids')
    return path
