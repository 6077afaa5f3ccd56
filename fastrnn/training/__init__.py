"""The training loop: reports, validations, divergence and the end of a run."""
