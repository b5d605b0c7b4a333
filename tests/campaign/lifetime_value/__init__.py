"""Predicted lifetime value."""
