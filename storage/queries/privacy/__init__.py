"""Queries about everything that is stored of a person, and about what is old enough to be erased."""
