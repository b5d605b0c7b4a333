"""Named queries: each use case reads what it needs."""
