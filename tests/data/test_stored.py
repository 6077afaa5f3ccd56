"""Texts that stay in their file: the same windows and bits as from memory, and no crash when the file is lost."""

import errno
import os
import shutil

import numpy as np
import oracles
import pytest
from helpers import SONNETS, start_python
from hypothesis import given
from hypothesis import strategies as st
from kept import ENGINES, begin, contents, iterations, one_by_one, run_to

import fastrnn
from fastrnn.data import stored, windows
from fastrnn.data.corpus import Corpus, open_corpus
from fastrnn.data.stored import StoredIds
from fastrnn.data.windows import Windows
from fastrnn.engines.engine import make_engine
from fastrnn.errors import TextLost
from fastrnn.runs import session
from fastrnn.settings.config import Config

TEXT = SONNETS.read_text(encoding='utf-8')


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, from which nothing is held in memory."""
    monkeypatch.setenv('FASTRNN_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(stored, 'IN_MEMORY', 0)
    return tmp_path / 'cache' / 'corpora'


def ids_file(cache):
    (path,) = cache.glob('*/ids')
    return path


# what is read


class Plain:
    """Ids that count up, with the windows of a text in a file."""

    def __init__(self, n):
        self.size, self.dtype = n, np.dtype(np.uint16)

    def __getitem__(self, key):
        return np.arange(self.size, dtype=np.uint16)[key]


@given(st.data(), st.integers(1, 4), st.integers(1, 5), st.sampled_from([1, 30, 100, 1000]))
def test_windows(monkeypatch, data, T, B, ahead):
    """In blocks of any size, from any position on: those of the whole text."""
    monkeypatch.setattr(windows, 'AHEAD', ahead)
    ids = Plain(data.draw(st.integers((T + 2) * B, (T + 2) * B + 60)))
    length = ids.size // B
    position = data.draw(st.integers(0, length // T)) * T
    read = Windows(ids, T, B)
    for count in data.draw(st.lists(st.integers(1, 30), min_size=1, max_size=5)):
        expected = [oracles.windows(ids[b * length : (b + 1) * length], T, position, count) for b in range(B)]
        found = [([], position)] * B
        for part in read.fetch(position, count):
            streams = part.ids.reshape(B, -1)
            ends = [oracles.windows(stream, T, part.start, part.iterations) for stream in streams]
            found = [(all_ + some, end + part.offset) for (all_, _), (some, end) in zip(found, ends, strict=True)]
            assert not part.ids.flags.writeable and part.ids.dtype == np.uint16
        assert found == expected
        position = expected[0][1]


def test_stored_ids(cache):
    corpus, expected = open_corpus(SONNETS), Corpus.of(TEXT).ids
    ids = corpus.ids
    assert (ids.size, len(ids), ids.shape, ids.ndim, ids.dtype) == (
        expected.size,
        expected.size,
        expected.shape,
        1,
        np.uint8,
    )
    for key in (slice(None), slice(5, 9), slice(-7, None), slice(9, 3), slice(1, 90, 7), slice(None, None, -1)):
        assert np.array_equal(ids[key], expected[key])
    assert [ids[k] for k in (0, 7, -1)] == expected[[0, 7, -1]].tolist() and isinstance(ids[0], np.uint8)
    with pytest.raises(IndexError):
        ids[ids.size]
    assert np.array_equal(ids, expected) and np.asarray(ids, np.int64).dtype == np.int64
    for part, other in zip(corpus.split(0.3), Corpus.of(TEXT).split(0.3), strict=True):
        assert isinstance(part, StoredIds) and np.array_equal(part, other) and part[2] == other[2]


@pytest.mark.parametrize('name', ENGINES)
def test_the_same_bits_as_from_memory(cache, monkeypatch, name):
    """Through several passes over the text, in blocks of odd sizes, restored in between."""
    monkeypatch.setattr(windows, 'AHEAD', 300)
    config = Config(**ENGINES[name])
    corpus, states = open_corpus(SONNETS), []
    for ids in (corpus.ids, corpus.ids[:]):
        engine = make_engine(config, ids, len(corpus.chars))
        losses = []
        for block in (1, 40, 7, 200, 3):
            engine.fetch(block)
            losses.append(engine.run(block, np.full(block, 0.01)))
            drawn = engine.sample(5)
            engine.restore(engine.state())
        engine.close()
        state = engine.state()
        states.append([np.concatenate(losses).tolist(), drawn.tolist(), state.params.flat.tolist(), state.position])
    assert states[0] == states[1]


# what is lost


def cut(path):
    os.truncate(path, 100)


def empty(path):
    os.truncate(path, 0)


def scribble(path):
    """In place, with an id that no table has."""
    with open(path, 'r+b') as file:
        file.seek(path.stat().st_size // 2)
        file.write(b'\xff')
    os.utime(path, (0, 0))  # within the resolution of times it might be the same


def another_text(path):
    """In place, and as long."""
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, (0, 0))


WHOLE = {}


def whole(tmp_path, name):
    """What the run is when nothing happens, from memory."""
    if name not in WHOLE:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, 'IN_MEMORY', 1 << 26)
            run_to(begin(tmp_path / 'whole', name, iterations=140))
        WHOLE[name] = contents(tmp_path / 'whole')
    return WHOLE[name]


CASES = [(cut, name, at) for name in ('exact', 'fast') for at in (27, 28, 32)]
CASES += [(damage, *case) for damage in (empty, scribble, another_text) for case in (('exact', 27), ('fast', 28))]


@pytest.mark.parametrize(('damage', 'name', 'at'), CASES)  # 28: before a sample; 32: before a validation
def test_the_file_is_cut_or_changed_under_a_run(tmp_path, cache, monkeypatch, damage, name, at):
    """One line, and what is done is saved; resumed, it is the run to which nothing happened."""
    expected = whole(tmp_path, name)
    one_by_one(monkeypatch)
    monkeypatch.setattr(windows, 'AHEAD', 1 if at < 32 else 1 << 22)  # all that is trained on is in memory
    session = begin(tmp_path / 'run', name, iterations=140)
    with pytest.raises(TextLost) as error, session:
        for record in session:
            if record.iteration + 1 == at:
                damage(ids_file(cache))
    words = 'the encoded text is lost (another program has cut or changed it); the next run encodes it anew'
    assert str(error.value) == f'{ids_file(cache)}: {words}'
    assert iterations(tmp_path / 'run')[-1] == (at if at < 32 else 30)
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == expected


def test_the_file_is_cut_before_the_last_sample(tmp_path, cache, monkeypatch):
    """Of the fast engine: then the last record is still due."""
    one_by_one(monkeypatch)
    options = {'validation': None, 'print_every': 7, 'iterations': 141}  # all that is trained on is in memory
    run_to(begin(tmp_path / 'whole', 'fast', **options))
    session = begin(tmp_path / 'run', 'fast', **options)
    with pytest.raises(TextLost), session:
        for record in session:
            if record.iteration + 1 == 140:
                cut(ids_file(cache))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


def test_the_file_is_cut_before_the_training_text_is_looked_at(tmp_path, cache, monkeypatch):
    """As where a validation is bad: it may be the best one so far, all the same."""
    run_to(begin(tmp_path / 'whole', iterations=33))
    check = session.check_rails

    def cut_first(run, record):
        if record.iteration + 1 == 33:
            cut(ids_file(cache))
            run.corpus.ids[:9]
        check(run, record)

    with monkeypatch.context() as patch, pytest.raises(TextLost):
        patch.setattr(session, 'check_rails', cut_first)
        run_to(begin(tmp_path / 'run', iterations=33))
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == contents(tmp_path / 'whole')


@pytest.mark.parametrize('code', [errno.EIO, errno.ESTALE])
@pytest.mark.parametrize('failing', [(stored.Opened, 'read_at'), (Windows, '_read')])
def test_a_disk_or_a_network_that_fails(tmp_path, cache, monkeypatch, code, failing):
    """In a block that begins with a sample: this would move the generator, did not the reading come first."""
    expected = whole(tmp_path, 'exact')
    one_by_one(monkeypatch)
    monkeypatch.setattr(windows, 'AHEAD', 1)

    def fail(*_):
        raise (OSError if failing[0] is stored.Opened else TextLost)(code, os.strerror(code))

    session = begin(tmp_path / 'run', iterations=140)
    with monkeypatch.context() as patch, pytest.raises(TextLost, match=os.strerror(code)), session:
        for record in session:
            if record.iteration == 27:
                patch.setattr(*failing, fail)
    assert iterations(tmp_path / 'run')[-1] == 28
    run_to(fastrnn.resume(tmp_path / 'run'))
    assert contents(tmp_path / 'run') == expected


def replace(path):
    other = path.with_name('other')
    other.write_bytes(b'')
    os.replace(other, path)


@pytest.mark.parametrize('change', [lambda path: shutil.rmtree(path.parent), os.unlink, os.utime, replace])
def test_a_run_is_not_touched(tmp_path, cache, monkeypatch, change):
    """By a removed or replaced entry, nor by one whose times alone have changed."""
    expected = whole(tmp_path, 'exact')
    one_by_one(monkeypatch)
    monkeypatch.setattr(windows, 'AHEAD', 1)
    with begin(tmp_path / 'run', iterations=140) as session:
        for record in session:
            if record.iteration == 27:
                change(ids_file(cache))
    assert contents(tmp_path / 'run') == expected


def test_a_run_without_a_folder_ends_in_one_line_and_saves_its_model(tmp_path, cache, cli, monkeypatch):
    monkeypatch.setattr(windows, 'AHEAD', 1)
    run = Windows._read
    calls = []

    def read(self, *args):
        calls.append(args)
        if len(calls) == 3:
            cut(ids_file(cache))
        run(self, *args)

    monkeypatch.setattr(Windows, '_read', read)
    saved = tmp_path / 'model'
    code, _, err = cli('train', SONNETS, '--hidden-size', 4, '--seed', 0, '--iterations', 500_000, '--save', saved)
    assert fastrnn.load_model(saved).params.H == 4
    assert code == 1 and err.startswith(f'error: {ids_file(cache)}: the encoded text is lost (')
    assert err.count('\n') == 1


@pytest.mark.parametrize('value', [100, 255])
def test_no_id_beyond_the_vocabulary_is_read(tmp_path, cache, value):
    """Even where checksum and time agree."""
    corpus = open_corpus(SONNETS)
    file = corpus.ids._file
    path = ids_file(cache)
    with open(path, 'r+b') as other:
        other.seek(700)
        other.write(bytes([value]))
    file._state = file._file.state
    assert corpus.ids[:700].size == 700
    with pytest.raises(TextLost):
        corpus.ids[690:710]


@pytest.mark.long
def test_a_text_of_40_mb(tmp_path, monkeypatch):
    """By the command line, with ids of two bytes, larger than what is held in memory: as the crash was found."""
    chars = np.array([ord('\n'), *range(0x4E00, 0x4E00 + 1999)], np.uint32)
    rng = np.random.default_rng(0)
    n = 40_000_000
    text = tmp_path / 'text'
    text.write_bytes(chars[rng.integers(0, 2000, n)].tobytes())
    env = {'FASTRNN_CACHE': str(tmp_path / 'cache'), 'COLUMNS': '200'}
    env['FASTRNN_CACHE_SIZE'] = '10GB'
    reading = ('--encoding', 'utf-32-le', '--preset', 'fast', '--seed', 0, '--hidden-size', 8, '--streams', 4)

    def train(*args):
        done = start_python('-m', 'fastrnn', 'train', *args, **env)
        return done, *done.communicate(timeout=600)

    done, out, err = train(text, *reading, '--iterations', 300, '--out', tmp_path / 'whole')
    assert done.returncode == 0, err
    path = ids_file(tmp_path / 'cache' / 'corpora')
    assert path.stat().st_size == 2 * n
    good = path.read_bytes()
    for place in (1, n, n + 1, 2 * n - 1):  # the higher bytes: ids far beyond the vocabulary, as far apart as can be
        data = bytearray(good)
        data[place] ^= 0x80
        path.write_bytes(data)
        done, out, err = train(text, *reading, '--iterations', 300, '--out', tmp_path / f'run{place}')
        assert done.returncode == 0 and b'encoded into' in out, err
        assert contents(tmp_path / f'run{place}') == contents(tmp_path / 'whole')
        assert path.read_bytes() == good
    # and a run whose text is cut: what it has is saved, and goes on
    args = ('-m', 'fastrnn', 'train', text, *reading, '--iterations', 10**7, '--out', tmp_path / 'cut')
    running = start_python(*args, '--print-every', 100, **env)
    for line in running.stdout:
        if line.startswith(b'iter 300 '):
            break
    os.truncate(path, 1000)
    out, err = running.communicate(timeout=600)
    assert running.returncode == 1 and err.count(b'\n') == 1 and b'is lost (another program' in err, err
    last = iterations(tmp_path / 'cut')[-1]
    assert last > 300
    done, out, err = train('--resume', tmp_path / 'cut', '--iterations', last + 5)
    assert done.returncode == 0 and iterations(tmp_path / 'cut')[-1] == last + 5, err
