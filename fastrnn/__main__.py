"""``fastrnn`` and ``python -m fastrnn``."""

import sys


def main() -> None:
    """Run the command line; a Ctrl-C while that is imported, some tenths of a second, ends it as any later one does."""
    try:
        from .cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)  # cli.INTERRUPTED
    command_line()


if __name__ == '__main__':
    main()
