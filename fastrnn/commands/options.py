"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

Files = Annotated[list[Path], typer.Argument(help='The text; more files are joined. gzip is accepted.')]
Model = Annotated[Path, typer.Argument(help='A run folder, a checkpoint of one, or a file made by train --save.')]
Encoding = Annotated[str, typer.Option(help='Of the text.')]
Errors = Annotated[str, typer.Option(help='What to do with bytes that are not in it: strict or replace.')]
Json = Annotated[bool, typer.Option('--json', help='Print JSON, for other programs: an object a line.')]


def preset_option(text: str, *names: str) -> Any:
    """An option whose default is the preset's."""
    return typer.Option(*names, help=text, show_default=False)
