"""Parameters, and the file that keeps them."""
