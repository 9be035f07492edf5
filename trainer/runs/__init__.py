"""Runs on disk: state, history, checkpoints, and who may change them."""
