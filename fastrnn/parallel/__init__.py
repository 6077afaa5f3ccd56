"""Threads, whose number is chosen by trials, and processes."""
