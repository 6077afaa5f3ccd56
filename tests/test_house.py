"""What is true of the package's folders as a whole."""

import ast
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from helpers import ROOT

import fastrnn

PACKAGE = Path(fastrnn.__file__).parent
MODULES = sorted(PACKAGE.rglob('*.py'))
# from the ground up; files beside the rooms are floors of their own, and __init__ names what it offers
FLOORS = ('errors', '_version', 'reference', 'settings', 'system', 'kernels', 'data', 'model', 'parallel', 'engines')
FLOORS += ('inference', 'progress', 'decision', 'training', 'runs', 'pages', 'commands', 'cli', '__main__', '__init__')


def test_all_of_it_is_installed():
    """Folders with modules are found by their __init__.py, other files by the patterns of pyproject.toml."""
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['setuptools']
    assert settings['packages']['find'] == {'include': ['fastrnn*'], 'namespaces': False}
    assert all((module.parent / '__init__.py').exists() for module in MODULES)
    others = [path for path in PACKAGE.rglob('*') if path.is_file() and path.suffix not in ('.py', '.pyc')]
    patterns = settings['package-data']['*']
    assert [path for path in others if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []


def imported(module):
    """(line, dotted name below fastrnn) of all that a module imports of the package, wherever it does."""
    package = module.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            names = ['.'.join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith('fastrnn.'):
                yield node.lineno, name.removeprefix('fastrnn.')


def test_imports_point_down():
    """From a room to itself or to a lower one; inside functions and for type checkers, too. What the package offers
    under its own name is on its highest floor."""
    floors, upwards = dict(zip(FLOORS, range(len(FLOORS)), strict=True)), []
    for module in MODULES:
        floor = floors[module.relative_to(PACKAGE).parts[0].removesuffix('.py')]
        for line, name in imported(module):
            if floors.get(name.split('.')[0], floors['__init__']) > floor:
                upwards.append(f'{module.relative_to(PACKAGE)}:{line} imports {name}')
    assert upwards == []


def test_rooms_import_nothing_by_themselves():
    """Else one name of a room would bring all of it, and Numba with it."""
    rooms = [path for path in PACKAGE.rglob('*/__init__.py') if path.parent != PACKAGE]
    assert [room for room in rooms if len(ast.parse(room.read_text(encoding='utf-8')).body) != 1] == []


def test_tests_are_found_by_the_names_of_modules():
    """A test of fastrnn/ROOM/NAME.py is in tests/ROOM/test_NAME.py, or test_NAME_and_more.py; proofs are of more."""
    for path in (ROOT / 'tests').rglob('*/test_*.py'):
        room, words = path.relative_to(ROOT / 'tests').parent, path.stem.split('_')[1:]
        names = ['_'.join(words[: k + 1]) for k in range(len(words))]
        assert room.parts[0] == 'proofs' or any((PACKAGE / room / f'{name}.py').exists() for name in names), path


def test_nobody_asks_how_many_processes_there_are():
    """But parallel/, and the module that shares streams and parameters among them."""
    asking = [
        module.relative_to(PACKAGE).as_posix()
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding='utf-8')))
        if isinstance(node, ast.Attribute)
        and node.attr in ('size', 'rank', 'on_host')
        and ast.unparse(node.value) == 'processes()'
    ]
    assert {name for name in asking if not name.startswith('parallel/')} == {'engines/shards.py'}


READS = {'read_bytes', 'read_text', 'load', 'memmap', 'fromfile', 'safe_open', 'load_file'}
OF = {'np', 'numpy', 'os', 'io', 'gzip', 'codecs', 'safetensors'}  # of which ``open`` and ``load`` read files
READERS = {  # modules that open files for reading, and what; all others use system/reading.py
    'system/reading.py': 'what others may have made',
    'system/pipes.py': 'pipes that the user names',
    'system/atomic.py': 'new files, and folders to bring to the disk',
    'system/locks.py': 'files and folders to lock, whose contents are not read',
    'runs/log.py': 'the log that the run itself appends to',
    'kernels/jit.py': 'the sources of the package',
    'pages/assembly.py': 'files of the package',
    'runs/plot_page.py': 'files of the package',
    'reference.py': "the gist's text",
    'engines/compile_ahead.py': 'files to lock',
    'system/parents.py': "the system's own, of processes above this one",
    'system/limits.py': "the system's own",
    'system/cores.py': "the system's own",
    'system/outputs.py': 'the null device, in place of an output that is closed',
}


def reads_files(tree):
    """Lines of calls that open a file for reading, or get its contents."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, 'attr', '')
        owner = getattr(getattr(function, 'value', None), 'id', None)
        modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name == 'open' and isinstance(function, ast.Name):
            found = not modes or 'r' in modes[-1] or '+' in modes[-1]
        elif name == 'open':  # of a module, or of a path; what else has such a method is given no mode
            found = owner in OF or not node.args or bool(modes)
        else:
            found = name in READS and (owner in OF or name.startswith('read_')) and isinstance(function, ast.Attribute)
        if found:
            yield node.lineno


def test_one_opener():
    """What somebody else may have made is opened by system/reading.py, which waits for nothing and has a limit."""
    found = {}
    for module in MODULES:
        lines = [*reads_files(ast.parse(module.read_text(encoding='utf-8')))]
        if lines:
            found[module.relative_to(PACKAGE).as_posix()] = lines
    assert {name: lines for name, lines in found.items() if name not in READERS} == {}
    assert READERS.keys() - found.keys() == set()


def test_what_opens_files_is_noticed():
    """By the check above."""
    reading = ['open(x)', "open(x, 'rb')", "open(x, 'ab+')", 'os.open(x, 0)', 'x.read_bytes()', 'x.read_text()']
    reading += ['np.load(x)', 'np.memmap(x)', "x.open('rb')", 'x.open()', 'io.open(x)', 'gzip.open(x)']
    others = ["open(x, 'xb')", "open(x, 'a')", 'texts.open(x)', 'read_bytes(x, 5)', 'json.load(x)', 'open_regular(x)']
    assert [line for line in reading if not [*reads_files(ast.parse(line))]] == []
    assert [line for line in others if [*reads_files(ast.parse(line))]] == []
