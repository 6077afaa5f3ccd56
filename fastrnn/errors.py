"""Errors that a caller may want to tell apart; every other bad input is a plain ValueError."""


class Diverged(ValueError):
    """The training has run into inf or NaN."""
