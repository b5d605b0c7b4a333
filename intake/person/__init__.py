"""A person's rights: who that is in the tables, what is stored, and its erasure."""
