"""One module a command. They and ``cli.py`` are the only places that print."""
