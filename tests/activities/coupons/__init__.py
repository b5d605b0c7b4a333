"""Coupons as activities treat them."""
