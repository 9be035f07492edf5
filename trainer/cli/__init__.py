"""Parts of the command line; the commands are in `trainer/__main__.py`."""
