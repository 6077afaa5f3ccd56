"""Compiled kernels: functions of arrays and numbers, independent of files, texts and models."""
