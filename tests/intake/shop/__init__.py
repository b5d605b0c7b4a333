"""Tests of intake/shop/."""
