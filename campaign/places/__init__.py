"""Where a customer may be: time zones, regions, and the law as data with its sources."""
