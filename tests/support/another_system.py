"""Another operating system, as far as Linux can play it: run a command with what only Linux has taken away.

    python -X warn_default_encoding tests/support/another_system.py windows|macos COMMAND... [+ COMMAND...]

The package, and no other, sees modules without what Python lacks there, and no /proc and /sys. As on Windows the system
then also refuses to rename, replace or remove a file that this program has open or mapped, and to make one whose name
has a special character. Text files must be opened with an encoding.
"""

import builtins
import os
import select
import signal
import sys
import time
import warnings
from types import ModuleType

MODULES = {'windows': ['fcntl', 'resource', 'pwd', 'grp', 'termios', 'tty', 'pty'], 'macos': []}
LINUX = {
    os: 'sched_getaffinity sched_setaffinity sched_yield preadv pwritev posix_fadvise listxattr getxattr memfd_create '
    'copy_file_range eventfd pidfd_open',
    select: 'epoll',
}
POSIX = {
    os: 'fork forkpty register_at_fork geteuid getuid getegid getgid getgroups getpgid getsid setsid killpg nice '
    'getloadavg mkfifo mknod pread pwrite sysconf statvfs fchmod fchown chown lchown O_DIRECTORY O_NOFOLLOW '
    'O_NONBLOCK O_NOCTTY O_CLOEXEC O_SYNC uname ttyname ctermid wait wait3 wait4',
    select: 'poll',
    signal: 'SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGALRM SIGVTALRM SIGPROF SIGXCPU SIGXFSZ SIGPIPE SIGCHLD SIGTSTP SIGCONT '
    'SIGKILL SIGSTOP SIGWINCH alarm setitimer pthread_sigmask sigwait pause',
    time: 'tzset clock_gettime',
}
SPECIAL = set('<>:"|?*')  # in no name on Windows
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Without(ModuleType):
    """A module without some of its names; all else is the module's own."""

    def __init__(self, module, names, **others):
        self.__dict__.update(_module=module, _names=names, _others=others)

    def __getattr__(self, name):
        if name in self._names:
            raise AttributeError(f'module {self._module.__name__!r} has no attribute {name!r} on this system')
        return self._others[name] if name in self._others else getattr(self._module, name)

    def __setattr__(self, name, value):
        setattr(self._module, name, value)


def hide(kind):
    """Take away, from the package, what this kind of system lacks."""
    hidden = {sys: Without(sys, (), platform={'windows': 'win32', 'macos': 'darwin'}[kind])}
    for owner in (os, select, signal, time):
        names = f'{LINUX.get(owner, "")} {POSIX.get(owner, "") if kind == "windows" else ""}'.split()
        hidden[owner] = Without(owner, names)
    real = builtins.__import__

    def imported(name, variables=None, *args, **options):
        if str((variables or {}).get('__name__')).startswith('fastrnn'):
            if name in MODULES[kind]:
                raise ImportError(f'No module named {name!r} on this system')
            if name in ('os', 'select', 'signal', 'sys', 'time'):
                return hidden[sys.modules[name]]
        return real(name, variables, *args, **options)

    builtins.__import__ = imported


class Watch:
    """Looks at what the program asks of the system, by Python's audit events."""

    def __init__(self, kind):
        self._windows, self._looking = kind == 'windows', False

    def __call__(self, event, args):
        if self._looking or event not in ('open', 'os.rename', 'os.remove', 'os.rmdir', 'os.mkdir', 'os.link'):
            return
        self._looking = True
        try:
            self._look(event, [os.fspath(arg) for arg in args if isinstance(arg, str | bytes | os.PathLike)], args)
        finally:
            self._looking = False

    def _look(self, event, paths, args):
        paths = [os.fsdecode(path) for path in paths]
        if event == 'open':
            if paths and paths[0].startswith(('/proc', '/sys')):
                raise FileNotFoundError(2, 'No such file or directory', paths[0])
            if not paths or not (args[2] or 0) & WRITING:
                return
        if not self._windows:
            return
        made = {'os.rename': paths[1:2], 'os.link': paths[1:2], 'open': paths[:1], 'os.mkdir': paths[:1]}.get(event, [])
        if any(SPECIAL & set(os.path.basename(path)) for path in made):
            raise OSError(22, 'The filename is not allowed', made[0])
        if event in ('os.rename', 'os.remove', 'os.rmdir'):
            for path in {os.path.realpath(path) for path in paths[:2]}:
                used = [name for name in self._open() if name == path or name.startswith(f'{path}/')]
                if used:
                    raise PermissionError(13, f'The process cannot access the file: {used[0]} is open', path)

    def _open(self):
        for number in os.listdir('/proc/self/fd'):
            try:
                yield os.readlink(f'/proc/self/fd/{number}')
            except OSError:
                continue
        with open('/proc/self/maps', encoding='utf-8') as maps:
            yield from (line.split(None, 5)[5].strip() for line in maps if len(line.split(None, 5)) == 6)


def main():
    kind, *words = sys.argv[1:]
    hide(kind)
    warnings.filterwarnings('error', category=EncodingWarning, module='fastrnn')
    sys.addaudithook(Watch(kind))
    from fastrnn.cli import main as fastrnn

    for command in ' '.join(words).split(' + '):
        sys.argv = ['fastrnn', *command.split()]
        print('$', *sys.argv, flush=True)
        try:
            fastrnn()
        except SystemExit as end:
            if end.code:
                raise


if __name__ == '__main__':
    main()
