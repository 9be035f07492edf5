"""NPZ and NPY files: read, matched to inputs and targets, and checked."""
