"""What the shop sells and a message may show: what goes together, what one owns, what runs out."""
