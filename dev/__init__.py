"""Development only: a Temporal server from whatever is there, `make dev`, the demo and its sample shop."""
