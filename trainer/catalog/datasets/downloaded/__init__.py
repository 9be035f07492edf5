"""Data sets that are downloaded once, into the cache of Keras."""
