"""What makes a message personal beyond order and catalogue, as templates see it."""
