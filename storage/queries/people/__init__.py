"""Queries about customers: contact data, consents, replies and the locks on a person."""
