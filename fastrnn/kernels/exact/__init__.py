"""Kernels that are bit-identical to the gist's arithmetic."""
