"""A campaign on a clock of its own: what it would do, what each rule says of it, and what would change it."""
