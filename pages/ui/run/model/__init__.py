"""The tab Model: layers, gradients, filters and weights."""
