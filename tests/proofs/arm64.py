"""Both engines on ARM64, emulated: the exact one's bytes are the reference's, the batched one's models this machine's.

By hand, as root on Debian, from a checkout whose package is installed for the Python that runs this:

    apt-get update && apt-get install debootstrap qemu-user-static
    python tests/proofs/arm64.py

Makes a Debian for ARM64 from the machine's own mirror in a temporary folder, puts wheels for ARM64 of the installed
versions there by pip, and removes all of it at the end. Other versions can be named: ``arm64.py numpy==2.2.6 ...``.
Nothing in that root is started but its Python, so neither binfmt_misc nor a container's permission to mount is needed.
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import zip_longest
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SUPPORT, TEXT = CHECKOUT / 'tests' / 'support', CHECKOUT / 'data' / 'sonnets.txt'
TOOLS = ('debootstrap', 'qemu-aarch64-static', 'dpkg-deb', 'tar', 'apt-get')
GLIBC = ('2_28', '2_27', '2_26', '2_24', '2_17')  # of wheels; Debian 12's is 2.36
EXACT = (
    ['--seed', '0', '--iterations', '301', '--sample-every', '100', '--print-every', '10'],
    ['--seed', '2', '--iterations', '101', '--print-every', '1', '--hidden-size', '37', '--seq-length', '9'],
)
# What the batched engine's kernels are compiled for; the emulator tells LLVM no processor's name. The second has SVE.
PROCESSORS = {'generic': {}, 'neoverse-v1': {'NUMBA_CPU_NAME': 'neoverse-v1', 'NUMBA_CPU_FEATURES': '+sve'}}


def fail(why):
    print(f'error: {why}', file=sys.stderr)
    sys.exit(2)


def output(*command, **options):
    """What a command prints; the script ends with its last words where it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f'exit code {done.returncode}').splitlines()[-1]
        fail(f'{" ".join(map(str, command[:6]))} ...: {said}')
    return done.stdout


def mirror():
    """(release, address) of the Debian that apt takes its packages from."""
    release = platform.freedesktop_os_release().get('VERSION_CODENAME', '')
    asked = 'Created-By: Packages', 'Origin: Debian', 'Component: main', f'Codename: {release}'
    found = output('apt-get', 'indextargets', '--format', '$(REPO_URI)', *asked).split()
    if not found:
        fail('apt knows no mirror of Debian for this release: run apt-get update, on Debian')
    return release, found[0]


def make_root(root):
    """Packages of a small Debian with Python, unpacked and not configured."""
    release, address = mirror()
    made = ('--arch=arm64', '--foreign', '--variant=minbase', '--include=python3')
    output('debootstrap', *made, release, root, address)
    for package in sorted((root / 'var/cache/apt/archives').glob('*.deb')):
        files = subprocess.run(['dpkg-deb', '--fsys-tarfile', package], stdout=subprocess.PIPE, check=True).stdout
        # else /lib, a link, becomes a folder
        subprocess.run(['tar', '-x', '--keep-directory-symlink', '-C', root], input=files, check=True)


def install(root, folder, wanted):
    """The package's dependencies for the Python of that root."""
    python = next(path.name[len('python') :] for path in (root / 'usr/bin').glob('python3.*'))
    names = [re.split('[<>=!~ ;]', line)[0] for line in requires('fastrnn') if 'extra ==' not in line]
    wanted = wanted or [f'{name}=={version(name)}' for name in (*names, 'llvmlite')]
    platforms = [f'--platform=manylinux_{glibc}_aarch64' for glibc in GLIBC]
    pip = (sys.executable, '-m', 'pip', 'install', '--quiet', '--target', folder, '--only-binary=:all:')
    output(*pip, *platforms, f'--python-version={python}', '--implementation=cp', *wanted)


def compare(what, here, there):
    """Print whether two outputs are the same; returns that."""
    same = here == there and here != ''
    print(f'{"same" if same else "DIFFERENT"}: {what}', flush=True)
    if not same:
        pairs = zip(here.splitlines() or [''], there.splitlines() or [''], strict=False)
        print('\n'.join(next((pair for pair in pairs if pair[0] != pair[1]), (here[-200:], there[-200:]))))
    return same


def prove(place, wanted):
    """Build, run and compare; returns whether all is the same."""
    root, packages = place / 'root', place / 'packages'
    make_root(root)
    install(root, packages, wanted)
    environment = {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1', 'FASTRNN_CACHE': str(place / 'cache')}
    there = {**environment, 'PYTHONPATH': os.pathsep.join(map(str, (packages, CHECKOUT)))}
    here = {**environment, 'PYTHONPATH': str(CHECKOUT)}
    emulated = ('qemu-aarch64-static', '-L', root, root / 'usr/bin/python3')

    print(output(*emulated, '-m', 'fastrnn', 'info', env=there), end='', flush=True)
    same = True
    for options in EXACT:
        args = [TEXT, *options]
        sides = (['fastrnn.reference', *args], ['fastrnn', 'train', *args, '--engine', 'exact', '--threads', '2'])
        expected, printed = (output(*emulated, '-m', *side, env=there) for side in sides)
        same &= compare(f'exact engine and reference, {len(expected):,} bytes, {" ".join(options)}', expected, printed)

    script = ('-W', 'ignore', SUPPORT / 'model_hashes.py', TEXT)
    expected = output(sys.executable, *script, env=here)
    for name, variables in PROCESSORS.items():
        options = {'stdout': subprocess.PIPE, 'text': True, 'env': there | variables}
        with subprocess.Popen([*map(str, (*emulated, *script))], **options) as process:
            try:
                for ours, theirs in zip_longest(expected.splitlines(), process.stdout, fillvalue=''):
                    same &= compare(f'batched engine for {name}: {ours[:100]}', ours, theirs.rstrip())
            finally:
                process.kill()
    return same


def remove(place):
    """All of it; what debootstrap may have mounted there is no part of it."""
    mounted = [line.split()[1] for line in Path('/proc/self/mounts').read_text().splitlines()]
    for point in reversed([point for point in mounted if point.startswith(f'{place}/')]):
        subprocess.run(['umount', point], check=True)
    shutil.rmtree(place)


def main():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        fail(f'{", ".join(missing)} not found: apt-get install debootstrap qemu-user-static, on Debian')
    if os.geteuid():
        fail('debootstrap needs root: run this as root')
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = Path(tempfile.mkdtemp(prefix='fastrnn-arm64-'))
    try:
        same = prove(place, sys.argv[1:])
    except (OSError, subprocess.CalledProcessError, PackageNotFoundError) as error:
        fail(error)
    except KeyboardInterrupt:
        fail('interrupted')
    finally:
        remove(place)
    sys.exit(0 if same else 1)


if __name__ == '__main__':
    main()
