"""Missing features of a system are found and shown."""

import os

import pytest

from fastrnn.engines import diagnosis
from fastrnn.system import c_library, features, limits, locks

HIDDEN = {
    'locks': (locks, 'fcntl', None),
    'owners': (os, 'geteuid', ...),
    'fsync': (os, 'O_DIRECTORY', ...),
    'preadv': (os, 'preadv', ...),
    'affinity': (os, 'sched_getaffinity', ...),
    'cgroups': (limits.has_groups, '__defaults__', ()),
    'ulimit': (limits, 'resource', None),
    'fork': (os, 'register_at_fork', ...),
    'futex': (c_library, 'syscall_address', int),
}


@pytest.mark.parametrize('name', features.FEATURES)
def test_hidden_features(name, monkeypatch, tmp_path):
    owner, attribute, value = HIDDEN[name]
    if value is ...:
        monkeypatch.delattr(owner, attribute, raising=False)
    else:
        monkeypatch.setattr(owner, attribute, (tmp_path,) if value == () else value)
    there, missing = features.found()
    assert name in missing and sorted(there + missing) == sorted(features.FEATURES)
    facts = diagnosis.facts()
    assert name in facts['not found'].split(', ') and facts['system'] == ', '.join(there)
