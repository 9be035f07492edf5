"""Data sets that are generated from the seed."""
