"""What a trained model does: predictions, evaluation, attributions. Nothing here changes a run."""
