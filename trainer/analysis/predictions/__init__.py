"""Predictions for new examples: reads images, drawings, rows and arrays, and describes what a model makes of them."""
