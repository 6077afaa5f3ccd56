"""A text that is larger than what is held in memory."""

import os
import shutil

import numpy as np
import pytest
from caches import ids_file
from helpers import start_python
from kept import contents, iterations

from fastrnn.kernels import jit


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
    if jit.CACHE_FOLDER is not None:  # texts are its own, kernels those of all tests
        shutil.copytree(jit.CACHE_FOLDER, tmp_path / 'cache' / jit.CACHE_FOLDER.name)
    reading = ('--encoding', 'utf-32-le', '--preset', 'fast', '--seed', 0, '--hidden-size', 8, '--streams', 4)

    def train(*args):
        done = start_python('-m', 'fastrnn', 'train', *args, **env)
        return done, *done.communicate(timeout=600)

    done, out, err = train(text, *reading, '--iterations', 300, '--out', tmp_path / 'whole')
    assert done.returncode == 0, err
    path = ids_file(tmp_path / 'cache' / 'corpora')
    assert path.stat().st_size == 2 * n
    good = path.read_bytes()
    for place in (1, n, 2 * n - 1):  # higher bytes, ids far beyond the vocabulary, as far apart as can be; a lower one
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
