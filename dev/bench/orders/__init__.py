"""How many orders one web process accepts a second."""
