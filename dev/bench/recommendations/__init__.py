"""What recommendations cost: counting them over a large shop, and reading them for one message."""
