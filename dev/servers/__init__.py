"""Local servers for development and tests."""
