"""The text of a run: what it trains on, and what it holds out for validation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..data.corpus import Corpus
from ..data.ids import as_ids
from ..data.lacking import OF_HELD_OUT, Lacking
from ..data.stored import Ids
from ..data.texts import Texts, check_skip, text_identity
from ..parallel.launcher import OR_ALONE
from ..parallel.processes import processes
from ..settings.checks import as_number
from ..settings.file_names import text_or_files
from ..settings.parsing import parse_share


@dataclass(frozen=True)
class Text:
    """Ids of a training text and a held-out text. Raises ValueError for invalid held-out ids."""

    corpus: Corpus
    held_out: Ids | None = None
    name: str | None = None  # names of its files
    skipped: Lacking | None = None  # what was left out of the held-out text, if that was asked for

    def __post_init__(self) -> None:
        if self.held_out is not None:
            object.__setattr__(self, 'held_out', as_ids(self.held_out, self.V, 'validation'))

    @property
    def V(self) -> int:
        return len(self.corpus.chars)

    @property
    def characters(self) -> int:
        """Number of characters to train on."""
        return self.corpus.ids.size

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What must stay the same when a run is resumed."""
        return text_identity(self.corpus, self.held_out)


def opened(texts: Texts, kept: Path | None = None, sha256: Any = None) -> Text:
    """The text of files. One process per host reads and encodes them; see :meth:`Texts.open`."""
    if texts.piped and kept is None:
        check_alone()

    def read() -> Text:
        corpus, validation = texts.open(kept, sha256), texts.validation
        share = None if validation is None else parse_share(validation)
        source = None if validation is None or share is not None else [Path(validation)]
        return held_out(corpus, share, source, texts.encoding, texts.errors, texts.name, texts.skip_unknown)

    return processes().by_host(read)


def with_validation(
    corpus: Corpus, validation: Any, encoding: str, errors: str, name: str | None, skip_unknown: bool = False
) -> Text:
    """A text and its held-out part: a share of it, another text, names of files, or ids."""
    number = as_number(validation)
    share = parse_share(validation if number is None else number) if number or isinstance(validation, str) else None
    names = validation[:1] if isinstance(validation, list | tuple) else [validation]
    is_text = share is None and any(isinstance(name, str | Path) for name in names)
    check_skip(skip_unknown, is_text)
    if share is None and not is_text:
        return Text(corpus, validation, name)
    source = text_or_files(validation, 'validation') if is_text else None
    return held_out(corpus, share, source, encoding, errors, name, skip_unknown)


def held_out(
    corpus: Corpus,
    share: float | None,
    source: str | Sequence[Path] | None,
    encoding: str,
    errors: str,
    name: str | None,
    skip_unknown: bool,
) -> Text:
    """Hold out the last share of the text, another text, or nothing."""
    if share is not None:
        kept, last = corpus.split(share)
        return Text(replace(corpus, ids=kept, held_out=last.size), last, name)
    if source is None:
        return Text(corpus, None, name)
    if isinstance(source, list) and source[0].is_dir():
        raise ValueError(f'{source[0]}: is a folder; hold out one file, or a share such as 10%')
    found = corpus.vocabulary.encode_known(
        source, encoding=encoding, errors=errors, skip_unknown=skip_unknown, cure=OF_HELD_OUT, places=False
    )
    return Text(corpus, found.ids, name, found.lacking if skip_unknown else None)


def check_alone() -> None:
    """Raise ValueError if several processes would read standard input."""
    cure = f'save the text in a file and name it, {OR_ALONE}'
    processes().refuse(f'standard input is only available to the first of several processes; {cure}')
