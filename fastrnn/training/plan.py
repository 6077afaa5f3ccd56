"""A configuration that is complete: for one text, with its end and all intervals, and what is due when."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from ..progress.records import Progress
from ..settings.config import Config
from .intervals import intervals_of, part_of
from .patience import ended_early
from .schedule import Horizon

BLOCK_SECONDS = 0.1  # between two records, so that interrupts and displays are not kept waiting


class Validated(NamedTuple):
    """What a record says of a validation, by the names of :class:`Progress`."""

    validation: float
    validated: int
    validation_part: float | None


@dataclass(frozen=True)
class Plan:
    """What a run on one text does, and after which iterations; an iteration's number is how many are done with it."""

    config: Config  # with the intervals filled in
    horizon: Horizon
    print_every: int
    validate_every: int
    save_every: int

    @classmethod
    def of(cls, config: Config, V: int, characters: int, held_out: int, expected: float | None = None) -> 'Plan':
        """For a text of ``characters``, V of them distinct, and ``held_out`` more.

        ``expected``: iterations that this machine was found to do in the run's time.
        """
        horizon = Horizon(config, characters)
        intervals = intervals_of(config, V, held_out, horizon.iterations, expected)
        part = part_of(config, V, held_out, intervals.validate_every, horizon.iterations, expected)
        return cls(replace(config, validate_part=part, **intervals._asdict()), horizon, *intervals)

    @property
    def gist_reports(self) -> bool:
        """Whether reports and samples come as the gist's do."""
        return self.config.abilities.gist_reports

    def over(self, iteration: int, seconds: float, worse: int = 0) -> bool:
        """Whether the end is reached, or patience is lost after so many validations that were worse than the best."""
        return self.horizon.over(iteration, seconds) or ended_early(self.config, worse)

    def samples_before(self, iteration: int) -> bool:
        """Whether a sample is drawn before the iteration of this number, counted from 0."""
        return self.gist_reports and iteration % self.config.sample_every == 0

    def samples_after(self, over: bool) -> bool:
        return not self.gist_reports and self.config.sample_length > 0 and over

    def validates_after(self, iteration: int, seconds: float) -> bool:
        """Whether a held-out text is evaluated then, if there is one."""
        return self.over(iteration, seconds) or iteration % self.validate_every == 0

    def reports_at(self, iteration: int) -> bool:
        """Whether a report is due then wherever the run ends: from it on, losses are added up for the next."""
        if self.gist_reports:
            return (iteration - 1) % self.print_every == 0
        return iteration % self.validate_every == 0 or iteration % self.print_every == 0

    def reports_after(self, iteration: int, over: bool) -> bool:
        return self.reports_at(iteration) or (not self.gist_reports and over)

    def saves_after(self, iteration: int) -> bool:
        return iteration % self.save_every == 0

    def next_stop(self, n: int, seconds: float, pace: float) -> int:
        """The iteration to halt before: after the next report, at the next sample, validation or checkpoint, the end.

        Where a block ends changes no bit. n: iterations done, after so many seconds; pace: seconds of one.
        """
        stop = n + max(1, int(BLOCK_SECONDS / pace))
        every = [self.validate_every, self.save_every]
        if self.gist_reports:
            stop = min(stop, -(-n // self.print_every) * self.print_every + 1)
            every.append(self.config.sample_every)
            if self.samples_before(n):
                stop = n + 1  # the record of a sample is its iteration's
        else:
            every.append(self.print_every)
        stop = min(stop, *((n // step + 1) * step for step in every))
        if self.horizon.seconds is not None:
            stop = min(stop, n + max(1, round((self.horizon.seconds - seconds) / pace)))
        return stop if self.horizon.iterations is None else min(stop, self.horizon.iterations)

    def record(
        self,
        iteration: int,
        seconds: float,
        *,
        loss: float,
        smooth_loss: float,
        mean_loss: float,
        learning_rate: float,
        sample: str | None,
        validated: Validated | None,
        best: float | None,
        over: bool,
    ) -> Progress:
        """What is told after an iteration."""
        return Progress(
            iteration=iteration - 1,
            loss=loss,
            smooth_loss=smooth_loss,
            mean_loss=mean_loss,
            sample=sample,
            report=self.reports_after(iteration, over),
            characters=iteration * self.config.seq_length * self.config.streams,
            seconds=seconds,
            seq_length=self.config.seq_length,
            epoch=iteration / self.horizon.iterations_per_epoch,
            learning_rate=learning_rate,
            best=best,
            **({} if validated is None else validated._asdict()),
            share=1.0 if over else self.horizon.share(iteration, seconds),
            last=over,
        )
