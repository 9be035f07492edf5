"""Sweeps: many runs of one recipe with some options varied, to find the best. A sweep's runs are ordinary runs."""
