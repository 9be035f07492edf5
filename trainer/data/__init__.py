"""Data sets: what they are, how they are split, and in which order training sees them."""
