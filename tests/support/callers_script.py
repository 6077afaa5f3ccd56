"""A caller's script, which uses all that the package offers; tests check its types, as ``mypy --strict`` does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import fastrnn


def tell(record: fastrnn.Record) -> str:
    validation: float | None = record.validation
    sample: str | None = record.sample
    numbers = record.iteration + record.characters + record.loss + record.bits_per_character + record.seconds
    told = f'{record}: {numbers:.3f} {record.epoch:.1f} {record.learning_rate:g}'
    return told + (sample or '') + ('' if validation is None else f'{validation:.3f}')


def train_in_memory(text: Path) -> fastrnn.Model:
    config: fastrnn.Config = replace(fastrnn.preset('fast', seed=0), iterations=20, hidden_size=16)
    corpus: fastrnn.Corpus = fastrnn.open_corpus(text, unit='character')
    characters, ids = len(corpus.chars), corpus.ids[:10]
    print(characters, ids.sum(), corpus.text(np.asarray(ids)), corpus.sha256)
    run: fastrnn.Run = fastrnn.train(corpus, config, validation=0.1)
    for record in run:
        print(tell(record))
    run.save('model')
    with fastrnn.train(fastrnn.read_text(text), fastrnn.Config(iterations=20), validation='10%') as other:
        best: fastrnn.Model = fastrnn.watch(other)
    fastrnn.train('abc' * 100, seed=0, iterations=20).watch()
    print(other.model.params.Whh.shape, fastrnn.train(fastrnn.Corpus.of('abab' * 50), iterations=20).iteration)
    return best


def train_in_a_folder(text: Path) -> fastrnn.Model:
    with fastrnn.start('run', text, validation=0.1, seed=0, iterations=20) as session:
        print([tell(record) for record in session])
    resumed: fastrnn.Session = fastrnn.resume('run', iterations=40)
    fastrnn.watch(resumed)
    resumed.close()
    return fastrnn.load_model('run')


def use(model: fastrnn.Model, text: str) -> None:
    fastrnn.save_model(Path('again'), model)
    written: str = ''.join(fastrnn.sample(model, 50, temperature=0.7, top_k=5, prime=text[:9], seed=0))
    texts: list[str] = list(fastrnn.samples(model, 3, 20, top_p=0.9, seed=0))
    print(written, texts, model.chars, model.params.H, model.params.V)

    bits = fastrnn.surprisals(model, text, adapt=True)
    array: NDArray[np.float64] = np.asarray(bits, dtype=np.float64)
    first: np.float64 = bits[1]
    some: NDArray[np.float64] = bits[1:]
    most: tuple[np.float64, str] = max(zip(bits[1:], bits.text[1:], strict=True))  # nothing precedes the first
    print(array.mean(), first, some.max(), most, len(bits), bits.bits_per_character, (bits > 4).sum())
    print(bits.shape, bits.dtype, bits.ndim, bits.size, bits.max(), bits.sum(), bits.tolist()[1:3])

    h, c = fastrnn.states(model, text)
    print(h.shape, None if c is None else c.shape)

    found = fastrnn.evaluate(model, text, window=16)
    print(found.bits_per_character, found.bits_per_byte, found.perplexity, found.characters)
    page = fastrnn.export(model, 'page.html', quantize=True, title='A page')
    print(page.size, page.bits, page.quantized_bits)


def bind(H: int, V: int) -> float:
    rng = np.random.RandomState(0)
    Wxh, Whh, Why = rng.randn(H, V) * 0.01, rng.randn(H, H) * 0.01, rng.randn(V, H) * 0.01
    bh, by = np.zeros((H, 1)), np.zeros((V, 1))
    lossFun, sample, adagrad = fastrnn.bind(Wxh, Whh, Why, bh, by)
    loss, dWxh, dWhh, dWhy, dbh, dby, hprev = lossFun([0, 1, 2], [1, 2, 3], np.zeros((H, 1)))
    adagrad([Wxh], [dWxh], [np.zeros_like(Wxh)], 0.1)
    drawn: list[int] = sample(hprev, 0, 20)
    print(drawn, dWhh.shape, dWhy.shape, dbh.shape, dby.shape)
    return float(loss)


def main(text: Path) -> None:
    print(fastrnn.__version__, bind(8, 5))
    for model in (train_in_memory(text), train_in_a_folder(text)):
        use(model, fastrnn.read_text(text)[:200])
    try:
        fastrnn.train('abc' * 100, iterations=20, learning_rate=1e6, engine='batched').watch()
    except fastrnn.Diverged as error:
        print(error)


if __name__ == '__main__':
    import sys

    main(Path(sys.argv[1]))
