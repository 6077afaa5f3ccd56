"""Whether machines computed the same models: ``python tests/support/compare_hashes.py FOLDER [COUNT]``.

FOLDER has a folder for each machine, with a file of lines that model_hashes.py printed; COUNT says how many machines
there must be. It needs nothing but Python. It prints each difference, and ends with code 1 if there is one.
"""

import json
import sys
from pathlib import Path


def read(file):
    """Hashes by case."""
    lines = [json.loads(line) for line in file.read_text(encoding='utf-8-sig').splitlines() if line.strip()]
    return {line.pop('case'): line for line in lines}


def differences(machines):
    """A line for each case of a machine that differs from the first machine's."""
    (first, expected), *others = machines.items()
    for name, found in others:
        for case in expected.keys() | found.keys():
            ours, theirs = expected.get(case, {}), found.get(case, {})
            parts = [part for part in sorted(ours.keys() | theirs.keys()) if ours.get(part) != theirs.get(part)]
            if parts:
                yield f'{name}: {case}: {", ".join(parts)} differ from {first}'


def main(folder, count='1'):
    machines = {path.parent.name: read(path) for path in sorted(Path(folder).glob('*/*.jsonl'))}
    if len(machines) < int(count) or not all(machines.values()):
        sys.exit(f'error: {folder}: {len(machines)} machines left hashes, of {count}; see which jobs failed')
    found = [*differences(machines)]
    if found:
        print('\n'.join(found))
        sys.exit(1)
    print(f'{len(machines)} machines computed the same {len(next(iter(machines.values())))} models')


if __name__ == '__main__':
    main(*sys.argv[1:])
