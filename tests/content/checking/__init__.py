"""How mistakes in templates are found."""
