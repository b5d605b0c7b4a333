"""Standings of loyalty programmes."""
