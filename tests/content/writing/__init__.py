"""How a message is written: languages and words."""
