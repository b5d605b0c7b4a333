"""The shop systems that are connected: reading their events, trying them again, testing that they arrive."""
