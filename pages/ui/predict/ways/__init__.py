"""The ways to give a model something to predict."""
