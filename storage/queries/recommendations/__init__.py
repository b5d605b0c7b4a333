"""What is counted over the whole shop by a schedule, and what one message may recommend, read by key."""
