"""What was accepted and waits for Temporal, or for its order."""
