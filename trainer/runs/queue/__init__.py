"""The queue: which run trains next on each device, and how many train at once."""
