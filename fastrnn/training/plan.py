"""When a job reports, samples, validates and saves; numbers count completed iterations."""

from typing import NamedTuple

from ..decision.job import Job

BLOCK_SECONDS = 0.1  # maximum between two records, for prompt interrupts and displays


class Plan(NamedTuple):
    """What a run does after which iterations."""

    job: Job

    @property
    def gist_reports(self) -> bool:
        """True if reports and samples come at the gist's iterations."""
        return self.job.abilities.gist_reports

    def samples_before(self, iteration: int) -> bool:
        """True if a sample is drawn before this iteration, counted from 0."""
        return self.gist_reports and iteration % self.job.sample_every == 0

    def samples_after(self, over: bool) -> bool:
        return not self.gist_reports and self.job.sample_length > 0 and over

    def validates_after(self, iteration: int, seconds: float) -> bool:
        """True if held-out text is evaluated, if there is any. Early stopping comes after validations."""
        return self.job.at_end(iteration, seconds) or iteration % self.job.validate_every == 0

    def reports_at(self, iteration: int) -> bool:
        """True if a report is due at this iteration wherever the run ends; the sum of losses starts again there."""
        if self.gist_reports:
            return (iteration - 1) % self.job.print_every == 0
        return iteration % self.job.validate_every == 0 or iteration % self.job.print_every == 0

    def reports_after(self, iteration: int, over: bool) -> bool:
        return self.reports_at(iteration) or (not self.gist_reports and over)

    def saves_after(self, iteration: int) -> bool:
        return iteration % self.job.save_every == 0

    def next_stop(self, n: int, seconds: float, pace: float) -> int:
        """The next iteration to stop before: after a report; at a sample, validation or checkpoint; at the end.

        Block ends change no bits. n: completed iterations, after ``seconds``; pace: seconds per iteration.
        """
        job, stop = self.job, n + max(1, int(BLOCK_SECONDS / pace))
        every = [job.validate_every, job.save_every]
        if self.gist_reports:
            stop = min(stop, -(-n // job.print_every) * job.print_every + 1)
            every.append(job.sample_every)
            if self.samples_before(n):
                stop = n + 1  # a sample belongs to its iteration's record
        else:
            every.append(job.print_every)
        stop = min(stop, *((n // step + 1) * step for step in every))
        iterations, time = job.ends
        if time is not None:
            stop = min(stop, n + max(1, round((time - seconds) / pace)))
        return stop if iterations is None else min(stop, iterations)
