"""Queries about coupons: reserved, issued, released, redeemed, and what is left of them."""
