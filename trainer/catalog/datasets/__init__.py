"""Data sets: one file is one family of entries of `DATASETS`, found by itself."""
