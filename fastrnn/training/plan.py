"""What of a job is due when; an iteration's number is how many are done with it."""

from typing import NamedTuple

from ..decision.job import Job

BLOCK_SECONDS = 0.1  # between two records, so that interrupts and displays are not kept waiting


class Plan(NamedTuple):
    """What a run does, and after which iterations."""

    job: Job

    @property
    def gist_reports(self) -> bool:
        """Whether reports and samples come as the gist's do."""
        return self.job.abilities.gist_reports

    def samples_before(self, iteration: int) -> bool:
        """Whether a sample is drawn before the iteration of this number, counted from 0."""
        return self.gist_reports and iteration % self.job.sample_every == 0

    def samples_after(self, over: bool) -> bool:
        return not self.gist_reports and self.job.sample_length > 0 and over

    def validates_after(self, iteration: int, seconds: float) -> bool:
        """Whether a held-out text is evaluated then, if there is one. Ends by patience come after validations."""
        return self.job.at_end(iteration, seconds) or iteration % self.job.validate_every == 0

    def reports_at(self, iteration: int) -> bool:
        """Whether a report is due then wherever the run ends: from it on, losses are added up for the next."""
        if self.gist_reports:
            return (iteration - 1) % self.job.print_every == 0
        return iteration % self.job.validate_every == 0 or iteration % self.job.print_every == 0

    def reports_after(self, iteration: int, over: bool) -> bool:
        return self.reports_at(iteration) or (not self.gist_reports and over)

    def saves_after(self, iteration: int) -> bool:
        return iteration % self.job.save_every == 0

    def next_stop(self, n: int, seconds: float, pace: float) -> int:
        """The iteration to halt before: after the next report, at the next sample, validation or checkpoint, the end.

        Where a block ends changes no bit. n: iterations done, after so many seconds; pace: seconds of one.
        """
        job, stop = self.job, n + max(1, int(BLOCK_SECONDS / pace))
        every = [job.validate_every, job.save_every]
        if self.gist_reports:
            stop = min(stop, -(-n // job.print_every) * job.print_every + 1)
            every.append(job.sample_every)
            if self.samples_before(n):
                stop = n + 1  # the record of a sample is its iteration's
        else:
            every.append(job.print_every)
        stop = min(stop, *((n // step + 1) * step for step in every))
        iterations, time = job.ends
        if time is not None:
            stop = min(stop, n + max(1, round((time - seconds) / pace)))
        return stop if iterations is None else min(stop, iterations)
