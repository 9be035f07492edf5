"""The sections that load, split and scale the data."""
