"""What schedules start, on a Temporal server."""
