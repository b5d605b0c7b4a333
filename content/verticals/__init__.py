"""Campaigns to start from, one a vertical: what differs from the default campaign, as data."""
