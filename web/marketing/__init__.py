"""Pages for the shop's own people: what customers would get, and why a campaign does what it does."""
