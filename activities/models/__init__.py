"""The nightly fit of the shop's models. It imports numpy and scipy: only the activity itself imports it."""
