"""Tests: each says in a line what it proves."""
