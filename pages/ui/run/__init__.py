"""One run on the page: its status, controls, curves, summary, checkpoints and downloads."""
