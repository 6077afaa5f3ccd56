"""Compiled kernels: functions of arrays and numbers, which know nothing of files, text or models."""
