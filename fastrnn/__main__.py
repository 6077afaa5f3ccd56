"""``fastrnn`` and ``python -m fastrnn``."""

import sys
from typing import NoReturn

WITH_OTHERS = 5.0  # seconds a process waits for the others to exit; then a thread ends it


def main() -> NoReturn:
    """Run the command line. Signals and broken outputs end it cleanly, even during the first imports."""
    try:
        from .system import outputs, stop

        outputs.open_closed()
        stop.install()
        from .parallel.launcher import foremost, launched

        if foremost():  # the other processes end with it
            stop.watch(stop.GRACE if launched() is None else WITH_OTHERS)
        outputs.install()
        from .cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)  # cli.INTERRUPTED
    except (OSError, ImportError, MemoryError) as error:  # such as a limit of memory or open files
        sys.exit(f"error: can't load fastrnn: {str(error) or 'out of memory'}")
    except EOFError:  # Python 3.11 writes truncated files on a full disk (CPython issue 126606)
        sys.exit("error: can't load fastrnn: a file in __pycache__ is truncated; remove the __pycache__ folders")
    command_line()


if __name__ == '__main__':
    main()
