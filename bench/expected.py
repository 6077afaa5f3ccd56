"""The preset's results on texts, by iterations: fastrnn/decision/expectation.py is fitted to these rows.

python bench/expected.py                       the fit, and its error for each text that is left out
python bench/expected.py TEXT CHARACTERS ...   a row for each TEXT, after about this many characters of training

One thread, seed 0; 2 % of texts above 4 MB are held out, 10 % of others.
"""

import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import fastrnn
from fastrnn.decision.expectation import OFTEN, simple_bits


class Row(NamedTuple):
    """One run."""

    text: str
    simple: float  # bits of the simple model
    characters: int  # of the text
    read: int  # characters of training
    bits: float  # held-out bits per character at the end


# Shakespeare from 3 million characters on: the README's rows, measured before n-grams. 2.3 and 2.5 million: H = 192.
ROWS = (
    Row('All of Shakespeare', 2.724, 4_956_214, 999_936, 2.177),
    Row('All of Shakespeare', 2.724, 4_956_214, 6_303_744, 1.928),
    Row('All of Shakespeare', 2.724, 4_956_214, 11_999_232, 1.826),
    Row('C', 3.646, 49_000_000, 999_936, 2.528),
    Row('C', 3.646, 49_000_000, 2_500_000, 2.29),
    Row('English books', 2.774, 4_900_000, 999_936, 2.147),
    Row('English books and manuals', 3.524, 29_400_000, 2_500_000, 2.357),
    Row('English manuals', 3.231, 19_600_000, 999_936, 2.294),
    Row('English manuals, 15 kB', 4.315, 13_500, 215_040, 3.914),
    Row('Italian manuals', 2.78, 552_117, 999_936, 2.063),
    Row('JavaScript', 2.553, 2_700_000, 999_936, 1.689),
    Row('Python', 3.041, 49_061_910, 999_936, 2.044),
    Row('Python, 15 kB', 4.666, 13_500, 215_040, 4.087),
    Row('Shakespeare', 2.82, 1_003_854, 999_936, 2.256),
    Row('Shakespeare', 2.82, 1_003_854, 2_300_000, 2.125),
    Row('Shakespeare', 2.82, 1_003_854, 3_000_000, 2.133),
    Row('Shakespeare', 2.82, 1_003_854, 3_700_000, 2.074),
    Row('Shakespeare', 2.82, 1_003_854, 6_800_000, 2.025),
    Row('Shakespeare', 2.82, 1_003_854, 8_700_000, 2.008),
    Row('Shakespeare', 2.82, 1_003_854, 20_600_000, 1.996),
    Row('Shakespeare, 15 kB', 3.343, 13_500, 215_040, 2.873),
    Row('assembler', 3.287, 4_121_549, 999_936, 2.278),
    Row('change logs', 5.043, 2_700_000, 999_936, 3.436),
)


def row(path: Path, characters: int) -> Row:
    """Train and measure. The preset chooses the streams, which decide the iterations, so it is asked twice."""
    validation, iterations = '2%' if path.stat().st_size > 4e6 else '10%', 1
    for _ in range(2):
        config = fastrnn.preset('fast', iterations=iterations, seed=0, threads=1, sample_length=0)
        run = fastrnn.train(path, config, validation=validation)
        iterations = max(1, characters // (run.job.streams * run.job.seq_length))
    for record in run:
        bits = record.validation
    assert run.text.held_out is not None and bits is not None
    simple = simple_bits(run.text.corpus.ids, run.text.held_out, run.text.V)
    read = run.iteration * run.job.streams * run.job.seq_length
    return Row(path.stem, round(simple, 3), run.text.characters, read, round(bits, 3))


def design(rows: list[Row]) -> NDArray[np.float64]:
    """The terms in which the logarithm of the bits is linear."""
    read = [min(row.read, OFTEN * row.characters) / 1e6 for row in rows]
    return np.column_stack((np.ones(len(rows)), np.log([row.simple for row in rows]), np.log(read)))


def fit(rows: list[Row]) -> NDArray[np.float64]:
    """The logarithm of the scale, and two powers: least squares in which each text has the same weight."""
    names = [row.text for row in rows]
    weights = np.array([names.count(name) for name in names]) ** -0.5
    found = np.linalg.lstsq(design(rows) * weights[:, None], np.log([row.bits for row in rows]) * weights, rcond=None)
    return np.asarray(found[0])


def errors(rows: list[Row]) -> dict[Row, float]:
    """Relative errors of all rows, each by a fit without its text."""
    found = dict[Row, float]()
    for name in sorted({row.text for row in rows}):
        left_out = [row for row in rows if row.text == name]
        fitted = np.exp(design(left_out) @ fit([row for row in rows if row.text != name]))
        found |= {row: float(bits / row.bits - 1) for row, bits in zip(left_out, fitted, strict=True)}
    return found


def main() -> None:
    """See above."""
    warnings.simplefilter('ignore')
    for path, characters in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        print(f'    {row(Path(path), int(float(characters)))},', flush=True)
    if len(sys.argv) > 1:
        return
    scale, *powers = fit([*ROWS])
    print(f'SCALE, POWER, READ = {np.exp(scale):.3f}, {powers[0]:.3f}, {powers[1]:.3f}')
    found = errors([*ROWS])
    for each, error in found.items():
        print(f'{each.text:24} {each.read / 1e6:6.2f} million characters: {each.bits:.3f} bits, {error:+.1%}')
    print(f'four of five are within {np.quantile(np.abs([*found.values()]), 0.8):.1%}')


if __name__ == '__main__':
    main()
