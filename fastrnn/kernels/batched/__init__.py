"""Kernels for many streams at once. Sums have a fixed order, chosen for speed."""
