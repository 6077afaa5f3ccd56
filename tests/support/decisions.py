"""Decisions without a text: settings of a preset, jobs, and machines of any speed."""

from dataclasses import replace

import numpy as np

from fastrnn.data.corpus import Corpus
from fastrnn.decision.job import Job
from fastrnn.decision.ladder import climb
from fastrnn.decision.machine import Machine, Measured
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

    cores = 2

    def __init__(self, flops, V=60):
        super().__init__(None, V)
        self.measured, self.seen = Measured(flops, 1), []

    def measure(self, settings, seconds):
        self.seen.append(Architecture.of(settings, self._V))
        self.seconds += 0.1


class ManyCores(Fixed):
    """A machine that does flops a second for each of the streams, up to ``most``."""

    def __init__(self, flops, most=float('inf'), cores=64):
        super().__init__(16 * flops)
        self.cores, self.streams, self._each, self._most = cores, [], flops, most

    def measure(self, settings, seconds):
        super().measure(settings, seconds)
        self.streams.append(settings.streams)
        self.measured = Measured(self._each * min(self._most, settings.streams), min(self.cores, settings.streams))
