"""``fastrnn cache``: lists and clears the cache folder."""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from ..settings.kinds import Word
from ..settings.options import Option
from ..settings.parsing import parse_size, size_in_words
from .command import command
from .options import JSON
from .usage import group

if TYPE_CHECKING:
    from ..system.cache_folder import Item

EXAMPLE = 'Example: fastrnn cache'
CLEAR_EXAMPLE = 'Example: fastrnn cache clear --to 1GB'
NAMED = 2  # files of a text whose names are shown


@group(JSON, epilog=EXAMPLE)
def cache(as_json: bool) -> None:
    """List what is in the cache folder, or clear it.

    The cache folder has encoded texts, compiled kernels and rescued models (of runs without --save or --out). Least
    recently used entries come first.

    FASTRNN_CACHE sets the folder, FASTRNN_CACHE_SIZE its limit (4 GB). Before a text is added, the least recently used
    texts are removed to stay below the limit. Kernels of other versions are removed after a month. Entries that a
    process uses are never removed.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    from ..system.cache_folder import default_root, items, size_limit

    root, limit, found = default_root(), size_limit(), items(default_root())
    for item in found:
        print(json.dumps(_facts(item)) if as_json else _line(item))
    if not as_json:
        print(f'{size_in_words(sum(item.bytes for item in found))} in {root} (limit {size_in_words(limit)})')


@command(Option('to', Word('<size>'), '0', '', 'Keep the most recently used entries, up to this size.'), JSON,
    epilog=CLEAR_EXAMPLE)  # fmt: skip
def clear(to: str, as_json: bool) -> None:
    """Remove entries that no process uses, and print the size freed."""
    from ..system.cache_folder import default_root, items, shrink

    root = default_root()
    try:
        limit = parse_size(to)
    except ValueError as error:
        raise ValueError(f'--to: {error}') from None
    gone = shrink(root, limit, everything=True)
    freed, left = (sum(item.bytes for item in found) for found in (gone, items(root)))
    if as_json:
        print(json.dumps({'freed': freed, 'removed': [str(item.path) for item in gone], 'left': left}))
        return
    kinds = [item.kind for item in gone]
    counts = ', '.join(f'{kind} {kinds.count(kind):,}' for kind in dict.fromkeys(kinds))
    print(f'freed {size_in_words(freed)}{f" ({counts})" if counts else ""}; {size_in_words(left)} left in {root}')


cache.add_command(clear)


def _facts(item: 'Item') -> dict[str, Any]:
    """The JSON object of an entry."""
    facts: dict[str, Any] = {'kind': item.kind, 'path': str(item.path), 'bytes': item.bytes}
    facts |= {'unused_seconds': round(max(0.0, time.time() - item.used), 1), 'in_use': item.in_use}
    if item.kind == 'text':
        facts |= {'files': item.files, 'characters': item.characters}
    return facts


def _line(item: 'Item') -> str:
    use = 'in use' if item.in_use else _age(time.time() - item.used)
    what = str(item.path) if item.kind == 'model' else item.path.name
    if item.files:
        names = [name if name.isprintable() else ascii(name) for name in item.files[:NAMED]]
        more = f' and {len(item.files) - NAMED:,} more' if len(item.files) > NAMED else ''
        what = ', '.join(names) + more
    return f'{size_in_words(item.bytes):>9}  {use:>11}  {item.kind:<10}  {what}'


def _age(seconds: float) -> str:
    for unit, name in ((86400, 'day'), (3600, 'hour'), (60, 'minute')):
        if seconds >= unit:
            count = int(seconds / unit)
            return f'{count:,} {name}{"s" * (count > 1)}'
    return 'just now'
