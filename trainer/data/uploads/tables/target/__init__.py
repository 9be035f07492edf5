"""What is predicted from a table, and what gives it away."""
