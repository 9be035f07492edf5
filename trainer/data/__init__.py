"""Data sets: their values, splits, statistics and order of training."""
