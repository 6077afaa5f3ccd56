"""What several tests need: bit comparison, texts, models, and both sides' printed output."""

import io
import os
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import fastrnn
from fastrnn import reference
from fastrnn.data.corpus import Corpus
from fastrnn.engines.engine import ExactEngine
from fastrnn.progress.records import Record
from fastrnn.settings.options import Settings, bits_per_character

SUPPORT = Path(__file__).resolve().parent
ROOT = SUPPORT.parent.parent
SONNETS = ROOT / 'data' / 'sonnets.txt'
WEIGHTS = ('Wxh', 'Whh', 'Why', 'bh', 'by')
MANY = ''.join(map(chr, [10, *range(0x100, 0xD800), *range(0xE000, 0x1C000)]))  # more than 16 bits can tell apart
LAST = [len(MANY) - 1, 65_536, 0]  # of them; the first two would wrap


def same_bits(a, b):
    """Whether two float64 arrays (or numbers) have the same bits; any NaN equals any other."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype == np.float64
    if a.shape != b.shape:
        return False
    nan = np.isnan(a)
    bits_a, bits_b = np.ascontiguousarray(a).view(np.uint64), np.ascontiguousarray(b).view(np.uint64)
    return bool(np.array_equal(nan, np.isnan(b)) and np.array_equal(bits_a[~nan], bits_b[~nan]))


def same_state(a, b):
    """Whether two states of NumPy's legacy generator are equal."""
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def random_text(length, V, seed=0, first=32):
    """A text in which each of V characters occurs, from code point ``first`` on; some are more frequent."""
    rng = np.random.default_rng(seed)
    ids = np.concatenate([rng.permutation(V), (V * rng.random(length - V) ** 2).astype(int)])
    return ''.join(chr(first + ix) for ix in ids)


def markov_text(length, seed=0):
    """A long text after the sonnets: each character drawn by the one before it."""
    text = SONNETS.read_text(encoding='utf-8')
    chars = sorted(set(text) | set('0123456789&$;:QXZJKqxz'))
    number = {ch: k for k, ch in enumerate(chars)}
    counts = np.full((len(chars), len(chars)), 0.01)
    np.add.at(counts, ([number[ch] for ch in text[:-1]], [number[ch] for ch in text[1:]]), 1.0)
    edges = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    current, out = 0, []
    for u in np.random.default_rng(seed).random(length):
        current = min(int(np.searchsorted(edges[current], u)), len(chars) - 1)
        out.append(chars[current])
    return ''.join(out)


def random_model(H, V, seed=0, scale=0.01):
    """The gist's five arrays, biases not zero."""
    rng = np.random.default_rng(seed)
    shapes = ((H, V), (H, H), (V, H), (H, 1), (V, 1))
    return tuple(rng.standard_normal(shape) * scale for shape in shapes)


def normal(seed, shape, dtype):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def gist_arrays(params):
    """The five arrays of Params in the gist's shapes, float64."""
    return [np.ascontiguousarray(array) for array in params.astype(np.float64).by_gist_name.values()]


def state_after(ids, arrays):
    """h after characters (from zeros), by the reference's own step."""
    h = np.zeros_like(arrays[3])
    return reference.lossFun(ids, ids, h, arrays)[-1] if len(ids) else h


@dataclass
class Outcome:
    """How a run ended."""

    output: str
    error: str | None  # of a ValueError
    warnings: list[str] = field(default_factory=list)


def reference_run(text, **options):
    """The reference's printed output, up to its error where it raises one."""
    out, error = io.StringIO(), None
    with redirect_stdout(out), np.errstate(all='ignore'):
        try:
            reference.train(text, **options)
        except ValueError as problem:
            error = str(problem)
    return Outcome(out.getvalue(), error)


def exact_run(text, **options):
    """What ``fastrnn train`` prints for the records of ``fastrnn.train``."""
    corpus = Corpus.of(text)
    output, error = 'data has %d characters, %d unique.\n' % (corpus.ids.size, len(corpus.chars)), None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            for record in fastrnn.train(corpus, **options):
                if record.sample is not None:
                    output += '----\n %s \n----\n' % (record.sample,)
                if record.report:
                    output += 'iter %d, loss: %f\n' % (record.iteration, record.smooth_loss)
        except ValueError as problem:
            error = str(problem)
    return Outcome(output, error, [str(warning.message) for warning in caught])


def reference_losses(text, *, iterations, hidden_size, seq_length, seed=0, learning_rate=0.1):
    """Every loss of the reference, and its weights after that; the gist's loop once more, by its functions."""
    ids = Corpus.of(text).ids.tolist()
    np.random.seed(seed)
    model = reference.init(max(ids) + 1, hidden_size)
    mems = [np.zeros_like(param) for param in model]
    losses, p, T = [], 0, seq_length
    for n in range(iterations):
        if n == 0 or p + T + 1 >= len(ids):
            hprev, p = np.zeros((hidden_size, 1)), 0
        loss, *grads, hprev = reference.lossFun(ids[p : p + T], ids[p + 1 : p + T + 1], hprev, model)
        reference.adagrad(model, grads, mems, learning_rate)
        losses.append(loss)
        p += T
    return np.array(losses), model


def exact_losses(text, *, iterations, **options):
    """Every loss of the exact engine, and its weights after that, in the gist's shapes."""
    corpus = Corpus.of(text)
    engine = ExactEngine(Settings(**options), corpus.ids, len(corpus.chars))
    try:
        losses = engine.run(iterations)
    finally:
        engine.close()
    return losses, tuple(engine.params.by_gist_name.values())


def assert_same_run(text, *, threads=1, seed=0, **options):
    """The exact engine's losses and final weights have the reference's bits."""
    expected, weights = reference_losses(text, seed=seed, **options)
    losses, params = exact_losses(text, threads=threads, seed=seed, **options)
    assert same_bits(losses, expected)
    for name, param, weight in zip(WEIGHTS, params, weights, strict=True):
        assert same_bits(param, weight), name


def progress_record(iteration=4999, seconds=12.5, bits=2.345, validation=2.4, best=2.3, share=0.25, **others):
    """What a run of the batched engine tells of an iteration."""
    loss = bits / bits_per_character(1.0, 32)
    facts = {'loss': loss, 'smooth_loss': loss, 'mean_loss': loss, 'sample': None, 'report': True}
    facts |= {'seq_length': 32, 'epoch': 3.25}
    facts |= {'characters': 512 * (iteration + 1), 'seconds': seconds, 'validation': validation, 'best': best}
    return Record(iteration, share=share, **(facts | others))


def refusal(cli, *args):
    """The one line that a command refuses with."""
    code, out, err = cli(*args)
    assert (code, out) == (2, '')
    assert err.startswith('error: ') and err.endswith('\n') and err.count('\n') == 1
    return err[len('error: ') : -1]


def start_python(*args, **environment):
    """Start Python on the package under test, its output still to be read, as bytes."""
    path = Path(fastrnn.__file__).parent.parent
    env = {**os.environ, 'PYTHONPATH': str(path), **environment}
    command = [sys.executable, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=path, env=env)


def run_python(*args, timeout=120, **environment):
    """Run Python to its end."""
    process = start_python(*args, **environment)
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(args, process.returncode, out, err)
