"""Who may use the order service's interface, and the log of who did."""
