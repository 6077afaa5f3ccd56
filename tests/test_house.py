"""What is true of the package's folders as a whole."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

from helpers import ROOT

import fastrnn

PACKAGE = Path(fastrnn.__file__).parent
MODULES = sorted(PACKAGE.rglob('*.py'))


def test_all_of_it_is_installed():
    """Folders with modules are found by their __init__.py, other files by the patterns of pyproject.toml."""
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['setuptools']
    assert settings['packages']['find'] == {'include': ['fastrnn*'], 'namespaces': False}
    assert all((module.parent / '__init__.py').exists() for module in MODULES)
    others = [path for path in PACKAGE.rglob('*') if path.is_file() and path.suffix not in ('.py', '.pyc')]
    patterns = settings['package-data']['*']
    assert [path for path in others if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []
