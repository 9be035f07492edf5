"""Widgets for the options of a configuration."""
