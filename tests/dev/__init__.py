"""Tests of dev/."""
