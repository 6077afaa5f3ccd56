"""Services of the operating system: atomic writes, locks, the cache folder, signals."""
