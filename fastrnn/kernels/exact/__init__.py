"""The gist's arithmetic, bit for bit."""
