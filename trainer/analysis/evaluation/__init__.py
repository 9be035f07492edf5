"""Evaluation: a checkpoint's predictions of one split, and what they are worth."""
