"""What a run trains on and is validated on: files, how they are read, and whether they are still the same."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .corpus import Corpus, encode_with, open_corpus
from .stored import CHUNK, Ids


@dataclass(frozen=True)
class Texts:
    """Names of files and rules, as they are kept with a run."""

    files: tuple[str, ...]
    encoding: str = 'utf-8'
    errors: str = 'strict'
    unit: str = 'character'
    min_count: int = 1
    validation: str | None = None  # a share, held out from the end, or a file

    @classmethod
    def of(cls, files: str | Path | Sequence[str | Path], **rules: Any) -> 'Texts':
        """One file or more; ``rules`` are the other fields, the share or path of held-out text as it comes."""
        names = [files] if isinstance(files, str | Path) else files
        validation = rules.pop('validation', None)
        held_out = None if validation is None else str(validation)
        return cls(tuple(map(str, names)), validation=held_out, **rules)

    def absolute(self) -> 'Texts':
        """The same files by paths that hold in any working folder."""
        validation = self.validation
        if validation is not None and _share(validation) is None:
            validation = str(Path(validation).absolute())
        return replace(self, files=tuple(str(Path(name).absolute()) for name in self.files), validation=validation)

    def open(self) -> tuple[Corpus, Ids | None]:
        """The corpus, and the held-out text in its numbers."""
        corpus = open_corpus(
            self.files, encoding=self.encoding, errors=self.errors, unit=self.unit, min_count=self.min_count
        )
        if self.validation is None:
            return corpus, None
        share = _share(self.validation)
        if share is None:
            path = Path(self.validation)
            return corpus, encode_with(path, corpus, encoding=self.encoding, errors=self.errors)
        kept, held_out = corpus.split(share)
        return replace(corpus, ids=kept), held_out


def _share(validation: Any) -> float | None:
    try:
        return float(validation)
    except ValueError:
        return None


def identity(corpus: Corpus, held_out: Ids | None) -> dict[str, Any]:
    """What must not change between a checkpoint and its resumption."""
    of_held_out = None if held_out is None else _hash(held_out)
    return {'sha256': corpus.sha256, 'characters': corpus.ids.size, 'held_out_sha256': of_held_out}


def _hash(ids: Ids) -> str:
    digest = hashlib.sha256()
    for start in range(0, ids.size, CHUNK):
        digest.update(np.ascontiguousarray(ids[start : start + CHUNK]).data)
    return digest.hexdigest()


def check_identity(then: dict[str, Any], now: dict[str, Any], files: Sequence[str]) -> None:
    """Raise ValueError, with the hashes, where the text is another one than it was."""
    for key, name in (('sha256', ', '.join(files)), ('held_out_sha256', 'the held-out text')):
        if then.get(key) != now[key]:
            raise ValueError(
                f'{name}: changed since the checkpoint (SHA-256 {then.get(key)} then, {now[key]} now): '
                'name the text as it was, or start a new run from the weights with --from'
            )
    if then.get('characters') != now['characters']:
        raise ValueError(
            f'the run trained on {then.get("characters")} characters, but there are {now["characters"]}: '
            'keep --validation, --unit and the like as they were'
        )
