"""Shops that are drawn at random, to see how well a model finds again what they were drawn from."""
