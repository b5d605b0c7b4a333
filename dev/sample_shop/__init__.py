"""A sample shop: a catalogue, customers with histories, and stories. Nobody in it is a real person."""
