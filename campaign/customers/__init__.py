"""What a customer's history and wishes say: segments, lifetime value, buying cycle, preferences."""
