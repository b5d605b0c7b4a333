"""Shopify: the bodies of its webhooks, and its own export files. See docs/shopify.md."""

from shops.shopify.events import TOPICS, read_event

__all__ = ["TOPICS", "read_event"]
