"""Loyalty programmes that are read over HTTP, and files of standings."""
