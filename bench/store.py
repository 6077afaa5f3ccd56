"""Results of long experiments, saved one by one, so that an interrupted script resumes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BEGIN = '{"key": '  # start of each line; an incomplete line is ignored


class Store:
    """A dict of results by key, each a JSON value, appended to a file of JSON lines.

    A line cut by a kill is ignored. Several processes may append to one file; each sees what was there when it started,
    and its own results. Raises ValueError, in one line, for any other content.
    """

    def __init__(self, path: str | Path) -> None:
        self._path, self._results = Path(path), dict[str, Any]()
        content = self._path.read_text(encoding='utf-8') if self._path.exists() else ''
        for number, line in enumerate(content.split('\n'), 1):
            try:
                entry = json.loads(line)
                self._results[entry['key']] = entry['result']
            except (ValueError, TypeError, KeyError) as error:
                if not (line.startswith(BEGIN) or BEGIN.startswith(line)):
                    raise ValueError(f'{path}, line {number} is no result: name another file') from error

    def __contains__(self, key: str) -> bool:
        return key in self._results

    def __getitem__(self, key: str) -> Any:
        return self._results[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def add(self, key: str, result: Any) -> None:
        """Save a result, replacing an older one."""
        line = json.dumps({'key': key, 'result': result})
        before = self._path.read_bytes() if self._path.exists() else b''
        torn = before and not before.endswith(b'\n')
        with self._path.open('a', encoding='utf-8') as file:
            file.write(('\n' if torn else '') + line + '\n')
        self._results[key] = json.loads(line)['result']

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """The result for this key; makes and saves it if it is missing."""
        if key not in self:
            self.add(key, make())
        return self[key]
