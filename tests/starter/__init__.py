"""Tests of starter/."""
