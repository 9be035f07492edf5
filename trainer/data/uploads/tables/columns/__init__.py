"""What the columns of a table hold, and what is wrong with them."""
