"""What arrives from outside, applied once: (session, input, now) -> outcome. Knows no HTTP, no Temporal."""
