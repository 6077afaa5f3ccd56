"""Options, presets and their checks."""
