"""The training loop, and what decides its course."""
