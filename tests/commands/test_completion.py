"""Completion in a shell: suggestions, and installation."""

import subprocess

import pytest
from helpers import refusal

from fastrnn.cli import app
from fastrnn.commands.completion import PLACES, script


def complete(cli, monkeypatch, line):
    """The suggestions of bash for the last word of a line."""
    words = line.split(' ')
    monkeypatch.setenv('_FASTRNN_COMPLETE', 'bash_complete')
    monkeypatch.setenv('COMP_WORDS', line)
    monkeypatch.setenv('COMP_CWORD', str(len(words) - 1))
    code, out, err = cli()
    assert (code, err) == (0, '')
    return [offer.split(',')[1] for offer in out.split()]


@pytest.mark.parametrize(
    ('line', 'offers'),
    [
        ('fastrnn s', ['sample', 'score']),
        ('fastrnn train --on', ['--on-divergence']),
        ('fastrnn train --cell ', ['rnn', 'gru', 'lstm']),
        ('fastrnn train --engine ', ['exact', 'batched', 'reference']),
        ('fastrnn cache cl', ['clear']),
        ('fastrnn --ver', ['--version']),
    ],
)
def test_offers(cli, monkeypatch, line, offers):
    assert complete(cli, monkeypatch, line) == offers


@pytest.mark.parametrize('shell', PLACES)
def test_scripts(cli, monkeypatch, shell):
    monkeypatch.setenv('SHELL', f'/usr/bin/{shell}')
    assert cli('--show-completion') == (0, f'{script(app, shell)}\n', '')
    assert f'_FASTRNN_COMPLETE={shell}_complete' in script(app, shell)


@pytest.mark.parametrize('shell', PLACES)
def test_installing(cli, monkeypatch, tmp_path, shell):
    """The script is written; the shell's settings get one line, below their earlier contents."""
    name, settings, _ = PLACES[shell]
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('SHELL', shell)
    if settings:
        (tmp_path / settings).write_text('alias x=y')
    for _ in range(2):
        code, out, err = cli('--install-completion')
        assert (code, err) == (0, '') and out.startswith(f'{tmp_path / name}: written; open a new {shell} terminal')
    assert (tmp_path / name).read_text() == script(app, shell)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*') if path.is_file()}
    assert files == {name, settings} - {''}
    if settings:
        first, *lines = (tmp_path / settings).read_text().splitlines()
        assert first == 'alias x=y' and len([line for line in lines if line]) == 1


def test_bash_reads_it(cli, monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('SHELL', '/bin/bash')
    cli('--install-completion')
    commands = f'source {tmp_path / ".bashrc"}; complete -p fastrnn'
    told = subprocess.run(['bash', '--norc', '-c', commands], capture_output=True, text=True)
    assert told.stdout.endswith('-F _fastrnn_completion fastrnn\n') and told.stderr == ''


def test_refused(cli, monkeypatch):
    monkeypatch.setenv('SHELL', '/bin/tcsh')
    for option in ('--show-completion', '--install-completion'):
        words = "SHELL is '/bin/tcsh', but completion supports bash, zsh and fish: set SHELL to one of them"
        assert refusal(cli, option) == words
    monkeypatch.setenv('SHELL', '/bin/bash')
    monkeypatch.setenv('HOME', '/')
    words = 'the user has no home folder: save the output of --show-completion instead'
    assert refusal(cli, '--install-completion') == words
