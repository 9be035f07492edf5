"""Data that users bring: read, checked, and kept."""
