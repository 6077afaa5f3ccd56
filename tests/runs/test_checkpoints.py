"""The checkpoints of a folder: the order of writing, and which are removed."""

import pytest
from models import checkpoint_of, model_of

from fastrnn.model.checkpoint import load_checkpoint
from fastrnn.model.run_files import BEST
from fastrnn.runs import checkpoints as module
from fastrnn.runs.checkpoints import Checkpoints

CHECKPOINT = checkpoint_of(model_of('abc'))


def test_the_best_is_written_before_the_numbered_one(tmp_path, monkeypatch):
    """Else a kill between the two would leave an outdated best checkpoint."""

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, 'link_atomically', killed)
    with pytest.raises(KeyboardInterrupt):
        Checkpoints(tmp_path).save(CHECKPOINT, best=True)
    assert [path.name for path in tmp_path.iterdir()] == [BEST]
    assert load_checkpoint(tmp_path / BEST).state.iteration == CHECKPOINT.state.iteration


def test_both_are_the_same_file(tmp_path):
    path = Checkpoints(tmp_path).save(CHECKPOINT, best=True)
    assert path.samefile(tmp_path / BEST) and Checkpoints(tmp_path).newest() == path
