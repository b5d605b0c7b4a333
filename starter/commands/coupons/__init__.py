"""Commands about customers' own codes."""
