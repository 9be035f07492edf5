"""Frames of what a run's model sees, on disk: written while it trains, read by pages."""
