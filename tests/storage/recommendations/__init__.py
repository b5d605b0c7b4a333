"""Tests of what is recommended, on both databases."""
