"""The life of the server's process: start, limits on what clients hold, shutdown."""
