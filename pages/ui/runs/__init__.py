"""The Runs page: a table of every run, what can be done with some of them, and the comparison of up to 20."""
