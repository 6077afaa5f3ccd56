"""The rows of bench/versus.py's tables, in Markdown."""

from typing import Any

from versus_cases import Recipe

COLUMNS = ('PyTorch trains', 'its best', 'bits', 'fastrnn needs', 'what its preset chose', 'bits', 'less time')
LARGE_COLUMNS = ('time', "PyTorch's best", 'bits', "fastrnn's preset", 'bits', 'fewer', 'as good after', 'less time')
Result = dict[str, Any]


def head(columns: tuple[str, ...]) -> list[str]:
    return [line(columns), '|---' * len(columns) + '|']


def line(cells: tuple[str, ...] | list[str]) -> str:
    return f'| {" | ".join(cells)} |'


def row(seconds: float, recipe: Recipe, theirs: Result, ours: Result | None) -> str:
    """When fastrnn is as good as PyTorch."""
    columns = [f'{seconds:g} s', f'{recipe.words}: {theirs["epochs"]:.1f} epochs', f'{theirs["bits"]:.3f}']
    if ours is None:
        columns += [f'more than {seconds:g} s', '', '', '']
    else:
        columns += [f'**{ours["seconds"]:.1f} s** {whole(ours)}', ours['model']]
        columns += [f'{ours["bits"]:.3f}', f'**{seconds / ours["seconds"]:.1f}x** ({seconds / ours["process"]:.1f}x)']
    return line(columns)


def large_row(seconds: float, recipe: Recipe, theirs: Result, same: Result, ours: Result | None) -> str:
    """Also what fastrnn reaches in the ``same`` time. In parentheses: whole processes of both sides."""
    columns = [f'{seconds:g} s', f'{recipe.words}: {theirs["epochs"]:.2f} epochs {whole(theirs)}']
    columns += [f'{theirs["bits"]:.3f}', f'{same["model"]} {whole(same)}', f'{same["bits"]:.3f}']
    columns += [f'**{theirs["bits"] - same["bits"]:.3f}**']
    if ours is None:
        return line([*columns, f'more than {seconds:g} s', ''])
    factors = f'**{seconds / ours["seconds"]:.1f}x** ({theirs["process"] / ours["process"]:.1f}x)'
    return line([*columns, f'**{ours["seconds"]:.1f} s** {whole(ours)}', factors])


def whole(result: Result) -> str:
    return f'(whole process: {result["process"]:.1f} s)'
