"""Templates checked before a customer sees them: the names in every branch, then all kinds of data."""
