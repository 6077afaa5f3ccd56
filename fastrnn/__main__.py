"""``fastrnn`` and ``python -m fastrnn``."""

import sys
from typing import NoReturn

WITH_OTHERS = 5.0  # seconds that a process waits for others to end as well, before a thread ends it


def main() -> NoReturn:
    """Run the command line; signals and broken outputs end it in order from the first import on."""
    try:
        from .system import outputs, stop

        outputs.open_closed()
        stop.install()
        from .parallel.launcher import foremost, launched

        if foremost():  # the others end with it
            stop.watch(stop.GRACE if launched() is None else WITH_OTHERS)
        outputs.install()
        from .cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)  # cli.INTERRUPTED
    except (OSError, ImportError, MemoryError) as error:  # as by a limit of memory, or of open files
        sys.exit(f'error: fastrnn can not be loaded: {str(error) or "out of memory"}')
    except EOFError:  # Python 3.11 leaves half a file where the disk is full (CPython issue 126606)
        sys.exit('error: fastrnn can not be loaded: a file in __pycache__ is cut off: remove the __pycache__ folders')
    command_line()


if __name__ == '__main__':
    main()
