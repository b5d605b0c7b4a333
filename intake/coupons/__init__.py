"""Coupons that are used."""
