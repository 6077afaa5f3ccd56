"""From the JSON of ``pytest --benchmark-only --benchmark-json=FILE`` to the README's table of speeds.

python bench/table.py bench.json              prints the table
python bench/table.py bench.json README.md    writes it into the README, between its markers
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

MARKERS = '<!-- speeds: made by bench/table.py -->', '<!-- end of speeds -->'


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


def publish(markers: tuple[str, str], content: str, readme: str | None) -> None:
    """Print content, or write it between two markers of a README."""
    if readme is None:
        print(content)
        return
    before, rest = Path(readme).read_text(encoding='utf-8').split(markers[0])
    after = rest.split(markers[1])[1]
    Path(readme).write_text(f'{before}{markers[0]}\n{content}\n{markers[1]}{after}', encoding='utf-8')


def main() -> None:
    content = table(json.loads(Path(sys.argv[1]).read_text(encoding='utf-8')))
    publish(MARKERS, content, sys.argv[2] if len(sys.argv) > 2 else None)


if __name__ == '__main__':
    main()
