"""The tab Evaluation: what a checkpoint is worth on a split."""
