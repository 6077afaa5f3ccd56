"""From options, a text and a machine to a job, in which everything is decided."""
