"""Tests of content/verticals/."""
