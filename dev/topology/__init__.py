"""docker-compose.yml, checked and run natively."""
