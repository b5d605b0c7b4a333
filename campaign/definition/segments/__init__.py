"""Segments as rules over facts, the tiers of loyalty, and which segments nobody can be in."""
