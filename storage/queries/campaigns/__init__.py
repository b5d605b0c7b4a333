"""Queries about orders and the campaigns that run for them."""
