"""Tests of what is recommended, and of the statistics behind it."""
