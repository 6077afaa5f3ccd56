"""The configuration a caller asks for. Options not given are None, and decided later (decision/resolve.py)."""

from collections.abc import Collection
from dataclasses import fields, make_dataclass
from typing import Any

from .did_you_mean import check_names
from .options import TABLE, check
from .presets import filled

# one field for each option of the table
_Fields: Any = make_dataclass(
    '_Fields',
    [('preset', str, 'reference'), *((name, Any, None) for name in TABLE)],
    namespace={'__post_init__': lambda config: config._check()},
    frozen=True,
    repr=False,
)


class Config(_Fields):  # type: ignore[misc]
    """A preset, and options by name (see docs/options.md). Frozen, and checked when it is made.

    Raises ValueError, in one line, for a value out of range and for values that contradict each other, TypeError for
    an unknown option.
    """

    def __init__(self, **options: Any) -> None:
        check_names(options, {field.name for field in fields(_Fields)})
        super().__init__(**options)

    def _check(self) -> None:
        """Check each value, and store it in its final type."""
        object.__setattr__(self, 'preset', check('preset', self.preset))
        for name, value in self.asked.items():
            object.__setattr__(self, name, check(name, value))
        filled(self.preset, self.asked)

    def __repr__(self) -> str:
        given = {'preset': self.preset, **self.asked}
        return f'Config({", ".join(f"{name}={value!r}" for name, value in given.items())})'

    @property
    def asked(self) -> dict[str, Any]:
        """The options that were given, by name."""
        return {name: getattr(self, name) for name in TABLE if getattr(self, name) is not None}


def preset(name: str, **options: Any) -> Config:
    """A configuration of a preset. Options replace those of the preset; an option that is None does not.

    ``fast`` trains for 60 s if no end is given. The cell, layers, H, T, streams, learning rate, dropout, and for a
    short text the number of epochs, are decided later, from the text and the speed of the machine.

    Raises ValueError for an unknown preset and for values out of range, TypeError for an unknown option.
    """
    return make_config(None, options, name=name)


def make_config(
    config: Config | None, options: dict[str, Any], *, name: str | None = None, also: Collection[str] = ()
) -> Config:
    """``config``, or if it is None, a configuration made of a preset (``name``) and options.

    Raises ValueError if both are given, TypeError for an unknown option. ``also``: the caller's own option names.
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
