"""Tests of imports, with samples of each format."""
