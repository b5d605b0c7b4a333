"""Types of single fields as they come from outside: what each accepts, and how it refuses the rest."""
