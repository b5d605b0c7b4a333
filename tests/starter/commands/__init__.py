"""Commands, each with its own file."""
