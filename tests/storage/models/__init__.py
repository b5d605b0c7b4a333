"""What the nightly fit reads and writes."""
