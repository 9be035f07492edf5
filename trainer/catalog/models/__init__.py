"""Models: one file is one entry of `MODELS`, found by itself."""
