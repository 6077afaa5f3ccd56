"""One module per command. They and ``cli.py`` are the only places that print."""
