"""From the JSON of ``pytest --benchmark-only --benchmark-json=FILE`` to the table of speeds in docs/how-fast.md.

python bench/table.py bench.json                     prints the table
python bench/table.py bench.json docs/how-fast.md    writes it into that page, between its markers
"""

import hashlib
import json
import sys
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from token import DEDENT, INDENT, NEWLINE, STRING
from tokenize import COMMENT, ENCODING, NL, tokenize
from typing import Any

MARKERS = '<!-- speeds: made by bench/table.py -->', '<!-- end of speeds -->'
KERNELS = Path(__file__).parent.parent / 'fastrnn' / 'kernels'
FINDERS = ('jit.py', 'exact/numpy_functions.py')  # they compile kernels and find functions, and compute nothing


def duration(seconds: float) -> str:
    """Three digits in a suitable unit."""
    for unit, size in (('s', 1.0), ('ms', 1e-3), ('µs', 1e-6)):
        if seconds >= size:
            return f'{seconds / size:.3g} {unit}'
    return f'{seconds / 1e-6:.3g} µs'


def table(data: dict[str, Any]) -> str:
    """A Markdown table: medians, ratios to the reference, and the machine."""
    medians: dict[tuple[str, int], dict[str, float]] = {}
    for entry in data['benchmarks']:
        info = entry['extra_info']
        if 'side' in info:
            medians.setdefault((info['name'], info['H']), {})[info['side']] = entry['stats']['median']
    lines = [
        '| what | H | reference | exact, one thread | exact, all cores | matrix products alone |',
        '|---|---|---|---|---|---|',
    ]
    for (name, H), sides in medians.items():
        base = sides['reference']
        cells = [
            f'{duration(sides[side])} (**{base / sides[side]:.1f}x**)' if side in sides else ''
            for side in ('exact', 'exact, all cores')
        ]
        alone = sides.get('products alone')
        share = f'{duration(alone)} ({alone / sides["exact"]:.0%} of one thread)' if alone else ''
        lines.append(f'| {name} | {H} | {duration(base)} | {cells[0]} | {cells[1]} | {share} |')
    machine = data['machine_info']
    versions = ', '.join(f'{name} {version(name.lower())}' for name in ('NumPy', 'Numba'))
    lines += [
        '',
        f'{machine["cpu"].get("brand_raw", machine["processor"])}, {machine["cpu"].get("count")} cores, '
        f'Python {machine["python_version"]}, {versions}, {data["datetime"][:10]}; medians of one run, '
        'T = 25, float64, one BLAS thread.',
    ]
    return '\n'.join(lines)


def publish(markers: tuple[str, str], content: str, page: str | None) -> None:
    """Print content, or put it between two markers of a page, with the hash of the kernels that it was measured on."""
    if page is None:
        print(content)
        return
    before, rest = Path(page).read_text(encoding='utf-8').split(markers[0])
    after = rest.split(markers[1])[1]
    stamp = f'<!-- kernels: {kernels_hash()} -->'
    Path(page).write_text(f'{before}{markers[0]}\n{content}\n{stamp}\n{markers[1]}{after}', encoding='utf-8')


def kernels_hash() -> str:
    """Of the code in fastrnn/kernels that computes, without comments, docstrings and white space: 12 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(KERNELS.rglob('*.py')):
        if (name := path.relative_to(KERNELS).as_posix()) not in FINDERS:
            digest.update(name.encode() + code_of(path.read_bytes()).encode())
    return digest.hexdigest()[:12]


def code_of(source: bytes) -> str:
    """The tokens of a module, joined; without comments and strings that are statements."""
    found, begins = [], True  # begins: no token of this logical line has come yet
    for token in tokenize(BytesIO(source).readline):
        if token.type in (ENCODING, COMMENT, NL):
            continue
        if token.type in (NEWLINE, INDENT, DEDENT):
            begins = True
            continue
        if not (begins and token.type == STRING):
            found.append(''.join(token.string.split()))
        begins = False
    return ''.join(found)


def main() -> None:
    content = table(json.loads(Path(sys.argv[1]).read_text(encoding='utf-8')))
    publish(MARKERS, content, sys.argv[2] if len(sys.argv) > 2 else None)


if __name__ == '__main__':
    main()
