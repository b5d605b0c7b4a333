"""The default: messages as files."""
