"""FastAPI: the order service's HTTP way in, and health. Provider callbacks and pages come here too."""
