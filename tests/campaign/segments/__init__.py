"""Tests of segments, their conditions, and loyalty."""
