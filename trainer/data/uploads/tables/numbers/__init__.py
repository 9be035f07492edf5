"""How numbers are written in text."""
