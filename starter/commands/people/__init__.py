"""Commands about customers: their replies, and their rights."""
