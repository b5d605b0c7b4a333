"""Offers: codes, choices, claims."""
