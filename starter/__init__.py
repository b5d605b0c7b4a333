"""The way in for an order service: client (start, signal, query), CLI, and the order inbox."""
