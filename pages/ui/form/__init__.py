"""The form of the Train page: from the catalog to the fields of a RunConfig, and the draft of them."""
