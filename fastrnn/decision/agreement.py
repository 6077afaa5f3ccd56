"""What all processes of a run share: seed, shards, versions, options and text."""

import secrets
from dataclasses import asdict, replace

from .._version import __version__
from ..kernels import jit
from ..parallel.processes import processes
from ..settings.options import MAX_SEED, Settings
from .text import Text


def common_seed(asked: int | None) -> int:
    """The seed that was asked for, or a random one, the same in all processes."""
    return processes().agree(secrets.randbelow(MAX_SEED)) if asked is None else asked


def in_common(settings: Settings) -> Settings:
    """Fill in the seed and, if not given, one shard per process; the same in all processes."""
    settings = replace(settings, seed=common_seed(settings.seed))
    if settings.shards is None and settings.takes('shards'):
        settings = replace(settings, shards=processes().default_shards)
    return settings


def check_hosts(settings: Settings, text: Text) -> None:
    """Raise ValueError if a process has another version, other options or another text than the first."""
    if not processes().others_wait:  # else hashing a large held-out text is wasted time
        return
    same = processes().check_same
    for what, value in (('fastrnn', __version__), ("fastrnn's kernels", jit.sources())):
        same(what, value, 'install the same version on all hosts')
    options = asdict(settings)
    for name in dict.fromkeys(name for there in processes().all(options) for name in there if there != options):
        same(name, options[name], 'give all processes the same options')
    for name, value in text.identity.items():
        same(f'the text ({name})', value, 'copy the files from one host to the others')
