"""What a run tells, and how it is shown."""
