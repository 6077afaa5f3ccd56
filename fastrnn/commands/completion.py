"""Completion of commands, options and file names in the user's shell."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

VARIABLE = '_FASTRNN_COMPLETE'
# for each shell: the script in the user's home, the file that the shell reads, and the line to add to that file
PLACES = {
    'bash': ('.bash_completions/fastrnn.sh', '.bashrc', "source '{script}'"),
    'zsh': ('.zfunc/_fastrnn', '.zshrc', 'fpath+=~/.zfunc; autoload -Uz compinit; compinit'),
    'fish': ('.config/fish/completions/fastrnn.fish', '', ''),
}


def users_shell() -> str:
    """The shell that SHELL names. Raises ValueError for an unsupported shell."""
    path = os.environ.get('SHELL', '')
    name = Path(path).name
    if name not in PLACES:
        raise ValueError(f"SHELL is '{path}', but completion supports bash, zsh and fish: set SHELL to one of them")
    return name


def script(group: click.Group, shell: str) -> str:
    """The completion script of a shell."""
    found = get_completion_class(shell)
    assert found is not None
    return found(group, {}, 'fastrnn', VARIABLE).source()


def install(group: click.Group, shell: str) -> Path:
    """Write the script into the user's home, and make the shell read it; returns the script's path."""
    from ..system.atomic import write_atomically
    from ..system.home import home
    from ..system.reading import SMALL, read_bytes

    place = home()
    if place is None:
        raise ValueError('the user has no home folder: save the output of --show-completion instead')
    name, settings, line = PLACES[shell]
    path, text = place / name, script(group, shell)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode())
    if settings:
        line, read = line.format(script=path), place / settings
        there = read_bytes(read, SMALL).decode(errors='replace') if read.exists() else ''
        if line not in there.splitlines():
            with open(read, 'a', encoding='utf-8', newline='\n') as file:
                file.write(f'\n{line}\n')
    return path
