"""What the operating system gives: files that appear whole, locks, the cache folder, signals."""
