"""The form of the Train page, which gives the fields of a RunConfig, and its draft."""
