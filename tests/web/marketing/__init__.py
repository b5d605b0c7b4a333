"""Tests of the pages for the shop's own people."""
