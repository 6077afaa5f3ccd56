"""The notebook for teachers, run from a new kernel: ``python tests/support/teaching.py`` writes its outputs anew."""

import os
import re
import shutil
import time
from pathlib import Path

import nbformat
from helpers import ROOT, SONNETS
from nbclient import NotebookClient

NOTEBOOK = ROOT / 'docs' / 'teaching.ipynb'
KERNEL = {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'}


def read(path=NOTEBOOK):
    return nbformat.read(path, as_version=4)


def changed(notebook, **values):
    """With other values of the names that its first cell sets."""
    first = next(cell for cell in notebook.cells if cell.cell_type == 'code')
    for name, value in values.items():
        first.source, count = re.subn(rf'^{name} = \S+', f'{name} = {value}', first.source, flags=re.MULTILINE)
        assert count == 1, name
    return notebook


def execute(notebook, folder):
    """Run all cells in ``folder``/docs, beside a copy of the data; nothing of this machine stays in the outputs."""
    for place in ('docs', 'data'):
        (folder / place).mkdir()
    shutil.copy(SONNETS, folder / 'data')
    resources = {'metadata': {'path': str(folder / 'docs')}}
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(paths)}
    client = NotebookClient(notebook, timeout=600, record_timing=False, resources=resources)
    client.execute(env=environment)
    notebook.metadata = {'kernelspec': KERNEL, 'language_info': {'name': 'python'}}
    return notebook


def outputs(notebook):
    """Of all cells, in order."""
    return [output for cell in notebook.cells for output in cell.get('outputs', [])]


def printed(notebook):
    """All that was printed, or has a repr."""
    texts = [output.get('text') or output.get('data', {}).get('text/plain', '') for output in outputs(notebook)]
    return '\n'.join(texts)


if __name__ == '__main__':
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        nbformat.write(execute(read(), Path(place)), NOTEBOOK)
        print(f'{time.perf_counter() - start:.0f} s')
