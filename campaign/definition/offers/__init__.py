"""Offers of a campaign.toml, and what may be wrong with them."""
