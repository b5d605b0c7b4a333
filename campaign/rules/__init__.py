"""The decision, and every rule it is made of."""
