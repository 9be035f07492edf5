"""Several runs beside each other: curves, metrics, settings, and how these are related."""
