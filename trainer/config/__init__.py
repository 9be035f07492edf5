"""The recipe of a run, the options of each catalog entry, and their checks."""
