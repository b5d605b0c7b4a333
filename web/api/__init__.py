"""The order service's HTTP interface."""
