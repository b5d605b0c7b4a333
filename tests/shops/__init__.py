"""Tests of shops/."""
