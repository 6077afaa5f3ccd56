"""Logs of runs, as a run writes them."""

import json
import math


def records(count=40, *, pace=0.1, first=0, every=10, floor=2.0):
    """A run's records as they are logged: falling, a validation now and then, each iteration 500 characters."""
    found = [
        {
            'iteration': 10 * k,
            'epoch': k / 9,
            'characters': 5000 * (k + 1),
            'seconds': pace * (k + 1),
            'train': floor + 4 * math.exp(-k / 4),
            'validation': floor + 0.1 + 3 / (k + 1) if every and k % every == every - 1 else None,
            'learning_rate': 0.01,
            'sample': 'text',
        }
        for k in range(first, count)
    ]
    for k, record in enumerate(found):  # here validations fall throughout
        known = [earlier['validation'] for earlier in found[: k + 1] if earlier['validation'] is not None]
        record['best'] = min(known, default=None)
    return found


def rollback(to):
    return {'event': 'rollback', 'iteration': 0, 'to': to, 'learning_rate': 0.01, 'reason': 'the loss rose'}


def write_run(folder, entries, *, engine='batched', H=256, tail='', **others):
    """A run folder with a log, and what may be torn at its end."""
    folder.mkdir()
    config = {'format': 1, 'fastrnn': '0.1.0', 'config': {'engine': engine, 'hidden_size': H, **others}, 'text': {}}
    (folder / 'config.json').write_text(json.dumps(config))
    lines = [json.dumps(entry) + '\n' for entry in entries]
    (folder / 'log.jsonl').write_text(''.join(lines) + tail)
    return folder
