"""A text of many small files starts almost as fast as one file: few system calls per file."""

import builtins
import json
import os
from collections import Counter

import pytest
from caches import entries

from fastrnn.data import encoding
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.data.folders import with_folders
from fastrnn.system import cache_folder

CALLS = [
    (os, 'fsync'),
    (os, 'lstat'),
    (os, 'stat'),
    (os, 'scandir'),
    (os, 'mkdir'),
    (os, 'replace'),
    (builtins, 'open'),
]


@pytest.fixture
def folder(tmp_path):
    """Makes a folder of ``count`` files; returns it and its text."""

    def make(count):
        place = tmp_path / f'{count} files'
        texts = [f'File {number} of some, with é.\n' for number in range(count)]
        for number, text in enumerate(texts):
            (place / f'{number % 3}').mkdir(parents=True, exist_ok=True)
            (place / f'{number % 3}' / f'{number:04}.txt').write_text(text, encoding='utf-8')
        return place, ''.join(text for rest in range(3) for text in texts[rest::3])

    return make


@pytest.fixture
def calls(monkeypatch):
    """A function that opens a folder's text; returns the corpus, and the number of calls by name."""

    def counted(place):
        counts = Counter()

        def counting(function, name):
            def call(*args, **options):
                counts[name] += 1
                return function(*args, **options)

            return call

        with monkeypatch.context() as patch:
            for module, name in CALLS:
                patch.setattr(module, name, counting(getattr(module, name), name))
            corpus = open_corpus(with_folders([place])[0])
        return corpus, counts

    return counted


@pytest.mark.usefixtures('cache')
def test_calls_of_a_start(folder, calls):
    """A first start and a later one: few calls per file; syncs, walks and renames don't depend on their number."""
    (few, _), (many, text) = folder(3), folder(63)
    first, later = [[calls(place) for place in (few, many)] for _ in range(2)]
    whole = Corpus.of(text)
    for corpus, note in ((first[1][0], 'encoded into'), (later[1][0], 'encoded before')):
        assert corpus.chars == whole.chars and (corpus.ids == whole.ids).all() and corpus.note.startswith(note)
    for name, one, opened in (('first', first, 4), ('later', later, 2)):
        small, large = (counts for _, counts in one)
        for call in ('fsync', 'lstat', 'mkdir', 'replace', 'scandir'):
            assert large[call] <= small[call] + 10, (name, call)  # for the other text in the cache
        assert abs(large['open'] - small['open'] - 60 * opened) <= 10, name
        assert large['stat'] - small['stat'] <= 60 * (5 + opened), name  # one more before each open
    assert later[1][1]['fsync'] == 0


def test_one_record_for_all_files(folder, cache, monkeypatch):
    """It is used until one of the files changes."""
    place, text = folder(9)
    names, _ = with_folders([place])
    open_corpus(names)
    assert len(list((cache / 'files').iterdir())) == 1
    survey = encoding.survey
    monkeypatch.setattr(encoding, 'survey', None)
    assert open_corpus(names).ids.size == len(text)
    monkeypatch.setattr(encoding, 'survey', survey)
    names[4].write_text('other', encoding='utf-8')
    assert 'other' in (changed := open_corpus(names)).text(changed.ids)
    assert len(list((cache / 'files').iterdir())) == 1 and len(entries(cache)) == 2
    assert len(open_corpus(list(reversed(names))).ids) == len(changed.ids)
    assert len(list((cache / 'files').iterdir())) == 2  # one for the other order


@pytest.mark.parametrize('count', [1, 4])
@pytest.mark.parametrize('text', ['', '[]', '{', '{"path": 1}', '{"state": 1, "sha256": "a", "path": []}', '\x00'])
def test_a_damaged_record(folder, cache, text, count):
    place, _ = folder(count)
    names, _ = with_folders([place])
    open_corpus(names)
    (memory,) = (cache / 'files').iterdir()
    whole = json.loads(memory.read_text())
    others = (whole['sha256'][:2], 'a', 'f' * 64, ['f' * 64] * count)
    for spoiled in (text, *(json.dumps({**whole, 'sha256': other}) for other in others)):
        memory.write_text(spoiled)
        assert open_corpus(names).note.startswith('encoded before')
        assert json.loads(memory.read_text()) == whole


def test_very_many_records(folder, cache, tmp_path, monkeypatch):
    """The oldest are removed when a text is added."""
    place, _ = folder(6)
    names, _ = with_folders([place])
    for name in names:
        open_corpus(name)
    assert len(list((cache / 'files').iterdir())) == 6
    monkeypatch.setattr(cache_folder, 'RECORDS', 4)
    assert open_corpus(names).note.startswith('encoded into')
    assert len(list((cache / 'files').iterdir())) == 5  # including the new one
    (cache / 'files' / 'notes.json').write_text('a user has put it there')
    (tmp_path / 'more').write_text('more')
    open_corpus(tmp_path / 'more')
    assert (cache / 'files' / 'notes.json').exists()
