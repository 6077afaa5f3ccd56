"""Two network namespaces of Linux, joined by a pair of virtual Ethernet devices whose rate and delay are set."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

DEVICE = 'eth0'  # in both: MPI is told one name
CARRIER = 5.0  # seconds in which both ends should be up; the kernel looks after them once a second
BURST = 128_000  # bytes that go out at once: two of the largest packets of a virtual device, which else are cut
# Every kernel has it. Others measure the net as they go (BBR, which slows down every ten seconds to do so).
CONGESTION, CONTROL = 'reno', '/proc/sys/net/ipv4/tcp_congestion_control'
# processes of one machine that talk by TCP alone, as of two
ENVIRONMENT = {
    'MPIR_CVAR_NOLOCAL': '1',
    'MPIR_CVAR_CH4_NETMOD': 'ucx',
    'UCX_TLS': 'tcp,self',
    'UCX_NET_DEVICES': DEVICE,
}


class Unavailable(Exception):
    """What this machine can't do, in one line."""


class Net(NamedTuple):
    """A network between hosts."""

    rate: float  # bits a second
    delay: float  # seconds, one way

    @property
    def name(self) -> str:
        return f'{self.rate / 1e9:g} Gbit/s'


class Link(NamedTuple):
    """Two namespaces, and whether packets are delayed between them as the net says."""

    hosts: tuple[str, str]
    delayed: bool

    def repeated(self) -> int:
        """Segments of TCP that the first host had to send again: the processor, or a queue, was too slow."""
        told = run('ip', 'netns', 'exec', self.hosts[0], 'cat', '/proc/net/snmp').splitlines()
        names, values = (line.split() for line in told if line.startswith('Tcp:'))
        return int(values[names.index('RetransSegs')])

    def sent(self) -> int:
        """Bytes that the first host has sent so far."""
        told = json.loads(run('ip', '-n', self.hosts[0], '-s', '-j', 'link', 'show', 'dev', DEVICE))
        return int(told[0]['stats64']['tx']['bytes'])


def run(*command: str) -> str:
    """What a command prints. Raises Unavailable with its last words."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        words = (result.stderr.strip().splitlines() or ['no reason given'])[-1]
        raise Unavailable(f'{" ".join(command)}: {words}')
    return result.stdout


def check_tools() -> None:
    """Raise Unavailable where namespaces can't be made."""
    missing = [tool for tool in ('ip', 'tc') if shutil.which(tool) is None]
    if missing:
        raise Unavailable(f'network namespaces need {" and ".join(missing)}: install iproute2')
    if os.geteuid() != 0:
        raise Unavailable('network namespaces need root')


@contextmanager
def joined(net: Net) -> Iterator[Link]:
    """Two hosts and the link between them, until the end of the block, whatever ends it."""
    check_tools()
    hosts = f'fastrnn-{os.getpid()}-a', f'fastrnn-{os.getpid()}-b'
    try:
        for host in hosts:
            run('ip', 'netns', 'add', host)
        run('ip', 'link', 'add', DEVICE, 'netns', hosts[0], 'type', 'veth', 'peer', 'name', DEVICE, 'netns', hosts[1])
        for number, host in enumerate(hosts, 1):
            run('ip', '-n', host, 'addr', 'add', f'10.77.0.{number}/24', 'dev', DEVICE)
            run('ip', 'netns', 'exec', host, 'sh', '-c', f'echo {CONGESTION} > {CONTROL}')
            for device in ('lo', DEVICE):
                run('ip', '-n', host, 'link', 'set', device, 'up')
        delayed = [_shape(host, net) for host in hosts]
        _wait_for_carrier(hosts)
        yield Link(hosts, all(delayed))
    finally:
        for host in hosts:  # its devices go with it
            subprocess.run(['ip', 'netns', 'del', host], capture_output=True, check=False)


def _shape(host: str, net: Net) -> bool:
    """Set rate and delay of what a host sends; False where the kernel can set the rate alone."""
    add = ('tc', '-n', host, 'qdisc', 'add', 'dev', DEVICE, 'root')
    rate = f'{net.rate:.0f}bit'
    try:
        run(*add, 'netem', 'delay', f'{net.delay * 1e6:.0f}us', 'rate', rate, 'limit', '100000')
    except Unavailable:
        run(*add, 'tbf', 'rate', rate, 'burst', f'{BURST}b', 'latency', '200ms')
        return False
    return True


def _wait_for_carrier(hosts: tuple[str, str]) -> None:
    until = time.monotonic() + CARRIER
    while any(_state(host) != 'UP' for host in hosts):
        if time.monotonic() > until:
            raise Unavailable(f'the link between two namespaces is not up after {CARRIER:g} s')
        time.sleep(0.05)


def _state(host: str) -> str:
    return str(json.loads(run('ip', '-n', host, '-j', 'link', 'show', 'dev', DEVICE))[0]['operstate'])
