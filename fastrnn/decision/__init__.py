"""From what is asked for, a text and a machine to a job, in which nothing is left open."""
