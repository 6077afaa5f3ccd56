"""Generates, evaluates and scores text with a trained model."""
