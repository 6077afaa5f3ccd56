"""Many streams at once: sums in any order, whatever the machine does fastest."""
