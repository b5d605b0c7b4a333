"""Commands about history: imports and backfills."""
