"""Lists what the package says to people: errors, warnings, printed lines, help, other texts, docstrings and comments.

``python tests/support/messages.py [ROOM ...]`` prints them with file and line, to be read one by one.
"""

import ast
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

import fastrnn

PACKAGE = Path(fastrnn.__file__).parent
PRINTING = {'print', 'tell', 'note', 'write'}
ERROR = re.compile(r'[A-Z]\w*(Error|Lost|Diverged)|Diverged|SystemExit')
ERRORS, WARNINGS, HELP, PRINTED, TEXT, DOCSTRING, COMMENT = KINDS = (
    *('error', 'warning', 'help', 'print', 'text', 'docstring', 'comment'),
)


class Message(NamedTuple):
    """A text of the package; an expression in an f-string is ``{}``."""

    file: str  # below the package
    line: int
    kind: str
    text: str

    @property
    def place(self) -> str:
        return f'{self.file}:{self.line}'


def messages(path: Path) -> list[Message]:
    """All texts of a module, in the order of their lines."""
    source, name = path.read_text(encoding='utf-8'), path.relative_to(PACKAGE).as_posix()
    tree = ast.parse(source)
    kinds, docstrings = _kinds(tree), _docstrings(tree)
    found = [Message(name, node.lineno, DOCSTRING, node.value) for node in docstrings.values()]
    for node in ast.walk(tree):
        if id(node) not in docstrings and id(node) not in kinds.inner and (text := _text(node)) is not None:
            found.append(Message(name, node.lineno, kinds.of.get(id(node), TEXT), text))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not re.match(r'#\s*(noqa|type:|fmt:)', token.string):
            found.append(Message(name, token.start[0], COMMENT, token.string.lstrip('# ')))
    return sorted(found, key=lambda message: message.line)


class _Kinds(NamedTuple):
    of: dict[int, str]  # of a node, by its id
    inner: set[int]  # ids of the parts of f-strings


def _kinds(tree: ast.AST) -> _Kinds:
    of, inner = dict[int, str](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner.update(id(part) for part in ast.walk(node) if part is not node)
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, 'attr', '')
        texts = [*node.args, *(word.value for word in node.keywords if word.arg not in ('sep', 'end'))]
        if ERROR.fullmatch(name):
            kind = ERRORS
        elif name in ('warn', 'warn_explicit'):
            kind = WARNINGS
        elif name in PRINTING:
            kind = PRINTED
        elif name in ('option', 'Option', 'add_argument'):
            kind = HELP
        else:
            continue
        for text in texts:
            for part in ast.walk(text):
                of.setdefault(id(part), kind)
    return _Kinds(of, inner)


def _docstrings(tree: ast.AST) -> dict[int, ast.Constant]:
    found = {}
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[id(value)] = value
    return found


def _text(node: ast.AST) -> str | None:
    """A string of two words or more; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = ''.join(str(part.value) if isinstance(part, ast.Constant) else '{}' for part in node.values)
    else:
        return None
    return text if re.search(r'\w[,;:.)}]? [\w({]', text) else None


def all_messages(rooms: list[str] | tuple[str, ...] = ()) -> list[Message]:
    """Those of the whole package, or of rooms (``data``) and modules (``cli.py``)."""
    paths = sorted(PACKAGE.rglob('*.py'))
    if rooms:
        paths = [path for path in paths if path.relative_to(PACKAGE).parts[0] in rooms]
    return [message for path in paths for message in messages(path)]


if __name__ == '__main__':
    for message in all_messages(sys.argv[1:]):
        print(f'{message.place}: {message.kind}: {message.text}')
