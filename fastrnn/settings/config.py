"""What a caller asks for, and nothing else: what was not asked for is None, and decided later (decision/resolve.py)."""

from collections.abc import Collection
from dataclasses import fields, make_dataclass
from typing import Any

from .did_you_mean import check_names
from .options import TABLE, check
from .presets import filled

# a field for each option of the table, so that each is stated once
_Fields: Any = make_dataclass(
    '_Fields',
    [('preset', str, 'reference'), *((name, Any, None) for name in TABLE)],
    namespace={'__post_init__': lambda config: config._check()},
    frozen=True,
    repr=False,
)


class Config(_Fields):  # type: ignore[misc]
    """What is asked for: a preset, and options by name (see settings/options.py); frozen, and checked.

    Raises ValueError, in one line, for a value that no run can have, and for values that do not go together.
    """

    def __init__(self, **options: Any) -> None:
        check_names(options, {field.name for field in fields(_Fields)})
        super().__init__(**options)

    def _check(self) -> None:
        """Take each value as it is kept."""
        object.__setattr__(self, 'preset', check('preset', self.preset))
        for name, value in self.asked.items():
            object.__setattr__(self, name, check(name, value))
        filled(self.preset, self.asked)

    def __repr__(self) -> str:
        given = {'preset': self.preset, **self.asked}
        return f'Config({", ".join(f"{name}={value!r}" for name, value in given.items())})'

    @property
    def asked(self) -> dict[str, Any]:
        """The options that were, by name."""
        return {name: getattr(self, name) for name in TABLE if getattr(self, name) is not None}


def preset(name: str, **options: Any) -> Config:
    """The configuration that asks for a preset, and for options in place of its own; None is not asked for.

    ``fast`` trains for 60 s unless told otherwise. The cell, the layers and their H, streams and windows, the
    learning rate and dropout, and for a short text how many epochs are enough, are decided when there is a text.

    Raises ValueError for another name and for values that nothing can be done with, TypeError for an option that there
    is not.
    """
    return make_config(None, options, name=name)


def make_config(
    config: Config | None, options: dict[str, Any], *, name: str | None = None, also: Collection[str] = ()
) -> Config:
    """A configuration, or what options, and a preset by ``name``, say in place of one.

    Raises ValueError where both are given, and for options that there are not; ``also``: those of the caller.
    """
    check_names(options, {field.name for field in fields(_Fields)} | set(also))
    if config is None:
        return Config(**{'preset': name, **options} if name is not None else options)
    if not isinstance(config, Config):
        raise ValueError(f'config is {config!r}; pass a fastrnn.Config, or the name of a preset as preset=...')
    given = [*options, *(['preset'] if name is not None else [])]
    if given:
        raise ValueError(f'give config or options, not both: {", ".join(given)}')
    return config
