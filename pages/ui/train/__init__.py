"""The parts of the Train page around the form and the run."""
