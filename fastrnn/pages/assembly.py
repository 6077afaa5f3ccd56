"""Builds a page as one file, and the content security policy that runs nothing else."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files


def beside(name: str) -> str:
    """The text of a file in this package."""
    return files(__package__).joinpath(name).read_text(encoding='utf-8')


def joined(names: Sequence[str]) -> str:
    return '\n'.join(map(beside, names))


def policy(style: str, *scripts: str, worker: bool = False) -> str:
    """A content security policy: only the page's scripts run, nothing is fetched. ``worker``: allow blob: workers."""
    hashes = ' '.join(map(_hashed, scripts))
    rules = [
        "default-src 'none'",
        f'script-src {hashes}',
        *(['worker-src blob:'] if worker else []),
        f'style-src {_hashed(style)}',
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return '; '.join(rules)


def _hashed(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode('utf-8')).digest()).decode('ascii')}'"
