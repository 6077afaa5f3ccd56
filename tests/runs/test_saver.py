"""The order of writing: the log before the checkpoint that counts its lines."""

import os

from kept import begin, log_of

from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import checkpoints


def test_the_log_is_on_the_disk_before_the_checkpoint_that_counts_its_lines(tmp_path, monkeypatch):
    """After a crash of the system, no log is shorter than a checkpoint says."""
    lines, replace, counted = [0], os.replace, []

    def fsync(descriptor):
        log = tmp_path / 'run' / 'log.jsonl'
        if os.fstat(descriptor).st_ino == log.stat().st_ino:
            lines.append(len(log_of(tmp_path / 'run')))

    def replaced(temporary, path):
        if str(path).endswith('.safetensors'):
            counted.append((load_checkpoint(temporary).state.log_lines, lines[-1]))
        replace(temporary, path)

    session = begin(tmp_path / 'run', iterations=12)
    monkeypatch.setattr(os, 'fsync', fsync)
    monkeypatch.setattr(os, 'replace', replaced)
    with session:
        list(session)
    assert len(counted) > len(checkpoints(tmp_path / 'run')) and counted[-1][0] > 0
    assert all(said == there for said, there in counted)
