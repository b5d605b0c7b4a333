"""Local servers that behave as the providers do."""
