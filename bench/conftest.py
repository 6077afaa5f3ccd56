"""Benchmarks run only when asked for: ``pytest --benchmark-only``."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Plain ``pytest`` collects nothing here."""
    return None if config.getoption('benchmark_only', False) else True
