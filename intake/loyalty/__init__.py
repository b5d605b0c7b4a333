"""What a loyalty programme that is kept elsewhere says of customers."""
