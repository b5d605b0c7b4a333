"""Offers with codes of the customer's own: what is given to whom, until when, and what a text may claim."""
