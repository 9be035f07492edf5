"""Data sets: each file registers one entry, or a family, in `DATASETS`."""
