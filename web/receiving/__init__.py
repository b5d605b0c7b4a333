"""How the web process takes orders: committed in groups, and tried once at once."""
