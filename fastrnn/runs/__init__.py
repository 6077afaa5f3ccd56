"""A run in a folder."""
