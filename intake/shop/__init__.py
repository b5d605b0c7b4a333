"""What a shop's system reports, applied once."""
