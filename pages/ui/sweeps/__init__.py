"""Sweeps: the dialog that sets one up, the list, and the page of one."""
