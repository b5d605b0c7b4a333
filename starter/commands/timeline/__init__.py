"""A campaign on a clock of its own, at the command line: why it does what it does, and what it would do."""
