"""What the nightly fit of the shop's models reads and writes."""
