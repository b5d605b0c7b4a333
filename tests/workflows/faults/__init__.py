"""Campaigns that meet floods, odd or unreadable input, and processes that die."""
