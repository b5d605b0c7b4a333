"""Queries about messages, their links and the channels that carry them."""
