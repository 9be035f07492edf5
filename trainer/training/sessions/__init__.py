"""One start or resume of a run: commands in, events out."""
