"""Afterglow's own formats: the fields of the interface, as columns or as JSON."""
