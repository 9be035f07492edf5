"""What a run is made of: its recipe, the options of each entry, and their checks."""
