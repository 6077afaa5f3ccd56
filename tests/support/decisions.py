"""Decisions without a text: settings of a preset, jobs, and machines of any speed."""

from dataclasses import replace

import numpy as np

from fastrnn.data.corpus import Corpus
from fastrnn.decision.job import Job
from fastrnn.decision.ladder import climb
from fastrnn.decision.machine import Machine
from fastrnn.decision.schedule import Segment
from fastrnn.decision.text import Text
from fastrnn.model.architecture import Architecture
from fastrnn.settings.config import preset
from fastrnn.settings.presets import filled


def settings_of(name='fast', **options):
    """What a preset begins with, where these are asked for."""
    return filled(name, preset(name, **options).asked)[0]


def left_open(name='fast', **options):
    """Names of what text, time and machine decide."""
    return filled(name, preset(name, **options).asked)[1]


def climbed(n, machine=None, **options):
    """What the preset comes to, on a text of n characters."""
    return climb(settings_of(**options), left_open(**options), n, machine or Fixed(0.0))


def job_of(characters=10_000, **options):
    """A job of the given settings, with one segment."""
    job = Job(**options, characters=characters, V=60)
    return replace(job, segments=(Segment(job.schedule, 0, 0.0, *job.ends),))


def text_of(n, V=60):
    """A text of n characters, V of them distinct, without a meaning."""
    ids = np.arange(n, dtype=np.uint8) % V
    ids.setflags(write=False)
    return Text(Corpus(ids, ''.join(map(chr, range(97, 97 + V)))))


class Fixed(Machine):
    """A machine of so many flop a second, whose trials take a tenth of a second each."""

    def __init__(self, flops, V=60):
        super().__init__(None, V)
        self._flops, self.seen = flops, []

    def measure(self, settings, seconds):
        self.seen.append(Architecture.of(settings, self._V))
        self.seconds += 0.1
