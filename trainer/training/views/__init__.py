"""Views: what a model makes of the same examples, epoch by epoch. One file per kind of data."""
