"""The notebook for teachers: that it runs, and that it can be read as it is."""

import json
import re

import pytest
from helpers import ROOT
from teaching import NOTEBOOK, changed, execute, outputs, printed, read

IDENTICAL = [f'{name}: identical bits' for name in ('losses', 'Wxh', 'Whh', 'Why', 'bh', 'by')]
PICTURES = 3


def pictures(notebook):
    return [output for output in outputs(notebook) if 'image/png' in output.get('data', {})]


@pytest.mark.long
def test_it_runs_from_a_new_kernel(tmp_path):
    """In another folder, for a shorter time than the one that is shown."""
    notebook = execute(changed(read(), ITERATIONS=200, SECONDS=1), tmp_path)
    assert not [
        output for output in outputs(notebook) if output.output_type == 'error' or output.get('name') == 'stderr'
    ]
    told = printed(notebook)
    assert [line for line in IDENTICAL if line not in told] == [] and 'DIFFERENT' not in told
    assert '<fastrnn.Model: lstm ' in told and re.search(r'^cell \d+ of \d+: correlation ', told, re.MULTILINE)
    assert len(pictures(notebook)) == PICTURES


def test_its_outputs_are_those_of_the_whole_run():
    """All there, in order, without errors; of 30 s, as its text says."""
    notebook = read()
    cells = [cell for cell in notebook.cells if cell.cell_type == 'code']
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert 'SECONDS = 30 ' in cells[0].source
    told = printed(notebook)
    assert [line for line in IDENTICAL if line not in told] == [] and 'DIFFERENT' not in told
    assert len(pictures(notebook)) == PICTURES
    assert not [
        output for output in outputs(notebook) if output.output_type == 'error' or output.get('name') == 'stderr'
    ]


def test_it_is_small_and_of_no_machine():
    """A code-hosting site shows it, and a change can be read: no large outputs, no names of folders."""
    notebook, content = read(), NOTEBOOK.read_text(encoding='utf-8')
    assert sum(len(json.dumps(output)) for output in outputs(notebook)) < 200_000
    assert set(notebook.metadata) == {'kernelspec', 'language_info'} and notebook.metadata.kernelspec.name == 'python3'
    assert set(notebook.metadata.language_info) == {'name'}
    assert [cell.metadata for cell in notebook.cells if cell.metadata] == []
    assert [
        name for name in (str(ROOT), '/home/', '/root/', '/tmp/', '/usr/', 'site-packages') if name in content
    ] == []
    assert not re.search('<script|<style|javascript:', content)
