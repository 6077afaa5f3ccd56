"""The package as it is published: the archive and the wheel made of it, installed where nothing else is, train.

Nothing comes from the network: beside the wheel there are links to what it says it depends on, as it is installed here.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from helpers import ROOT, SONNETS

pytestmark = pytest.mark.long

LEFT_OUT = '.git', 'build', 'dist', '*.egg-info', '.venv', '.*_cache', '__pycache__', '.hypothesis', '.benchmarks'


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """A folder with the source archive, and with the wheel that was made of it."""
    pytest.importorskip('build', reason="needs build and twine: pip install '.[dev]'")
    source, out = tmp_path_factory.mktemp('source') / 'fastrnn', tmp_path_factory.mktemp('dist')
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*LEFT_OUT))
    run(sys.executable, '-m', 'build', '--no-isolation', '--outdir', out, source, cwd=out)
    return out


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_built_can_be_published(built):
    archive, wheel = sorted(built.iterdir(), key=lambda path: path.suffix)
    assert (archive.suffix, wheel.suffix) == ('.gz', '.whl')
    assert run(sys.executable, '-m', 'twine', 'check', '--strict', archive, wheel).count('PASSED') == 2


def test_the_wheel_has_every_file_of_the_package(built):
    (wheel,) = built.glob('*.whl')
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'fastrnn').rglob('*') if path.is_file()}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if '.dist-info/' not in name}
    assert names == {name for name in files if not name.endswith('.pyc')}


def needed(name, found):
    """Distributions that one needs to be installed, by their names."""
    name = re.split('[^A-Za-z0-9._-]', name)[0]
    if name.lower() in found:
        return
    found[name.lower()] = distribution(name)
    for line in found[name.lower()].requires or []:
        requirement, _, condition = line.partition(';')
        if not condition.strip():
            needed(requirement, found)


def test_the_wheel_trains_where_nothing_else_is_installed(built, tmp_path):
    (wheel,) = built.glob('*.whl')
    place = tmp_path / 'venv'
    venv.create(place, symlinks=os.name != 'nt')
    python = place / ('Scripts' if os.name == 'nt' else 'bin') / 'python'
    run(sys.executable, '-m', 'pip', '--python', python, 'install', '--no-index', '--no-deps', wheel)
    packages = Path(run(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))').strip())
    found = {}
    needed('fastrnn', found)
    for name, other in found.items():
        roots = {Path(file).parts[0] for file in other.files if name != 'fastrnn' and Path(file).parts[0] != '..'}
        for root in roots - {'__pycache__'}:
            (packages / root).symlink_to(other.locate_file(root))
    command = place / python.parent.name / 'fastrnn'
    run(command, 'train', SONNETS, '--preset', 'fast', '--iterations', 20, '--out', 'run', cwd=tmp_path)
    run(command, 'export', 'run', '--html', 'model.html', cwd=tmp_path)
    run(command, 'score', 'run', SONNETS, '--html', 'text.html', cwd=tmp_path)
    where = run(python, '-I', '-c', 'import fastrnn; print(fastrnn.__file__)', cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(packages)
    assert {'run', 'model.html', 'text.html'} <= set(os.listdir(tmp_path))
