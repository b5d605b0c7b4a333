"""Shop systems, one folder each: their webhooks and exports as our purchases, customers and news. Pure."""
