"""The colours of a model's page, light and dark: for bits of surprisal, and for activations of a unit."""

from .surprisal import DARK_SHADES, SHADES

# for activations -1, 0 and 1
ENDS = {'light': ('#2f7fc1', '#ffffff', '#e8762d'), 'dark': ('#2f8fe0', '#1c1f26', '#e8702a')}
STEPS = 20  # of the activation scale, as in player_see.js
INKS = ('#000', '#fff')


def rules() -> str:
    """CSS classes s0 to s8 for bits and u0 to u20 for activations; CSS variables of the same colours for canvases."""
    light, dark = ([ground for ground, _ in shades] for shades in (SHADES, DARK_SHADES))
    names = [*(f's{k}' for k in range(len(SHADES))), *(f'u{k}' for k in range(STEPS + 1))]
    classes = ''.join(f'.{name}{{background:var(--{name});color:var(--on-{name})}}\n' for name in names)
    schemes = {
        'light': [*light, *unit_colours('light')],
        'dark': [*dark, *unit_colours('dark')],
    }
    variables = {
        scheme: ':root{' + ''.join(f'--{n}:{c};--on-{n}:{ink(c)};' for n, c in zip(names, colours, strict=True)) + '}'
        for scheme, colours in schemes.items()
    }
    return f'{variables["light"]}\n@media (prefers-color-scheme:dark){{{variables["dark"]}}}\n{classes}'


def unit_colours(scheme: str) -> list[str]:
    """Colours from -1 to 1, through the page's background at 0."""
    low, middle, high = ([int(end[k : k + 2], 16) for k in (1, 3, 5)] for end in ENDS[scheme])
    found = []
    for step in range(STEPS + 1):
        share = 2 * step / STEPS - 1
        end = low if share < 0 else high
        mixed = (round(m + (e - m) * abs(share)) for m, e in zip(middle, end, strict=True))
        found.append('#' + ''.join(f'{part:02x}' for part in mixed))
    return found


def ink(ground: str) -> str:
    """Black or white, whichever has more contrast with the background."""
    light = luminance(ground)
    return INKS[0] if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else INKS[1]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
