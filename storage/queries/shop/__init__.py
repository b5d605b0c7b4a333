"""Queries about the shop: its products and what is counted over all orders."""
