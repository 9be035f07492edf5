"""Data sets that are read from a file of the user."""
