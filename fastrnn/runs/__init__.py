"""Runs kept in a folder."""
