"""Many streams at once: sums in the order that is fastest, written out, so that nobody else chooses one."""
