"""How a run ends: why, as a sentence, and who is told."""
