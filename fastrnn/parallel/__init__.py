"""Who computes: threads, found by trying."""
