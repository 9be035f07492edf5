"""The command line, beside its commands."""
