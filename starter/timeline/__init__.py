"""Campaigns laid open, as plain data: why one does what it does, and what one would do."""
