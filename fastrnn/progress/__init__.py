"""Records of a run, and the progress display."""
