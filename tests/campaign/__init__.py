"""Tests of campaign/."""
