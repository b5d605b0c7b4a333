"""WooCommerce: webhooks (WP REST API v3), the REST API's JSON, export files. See docs/woocommerce.md."""

from shops.woocommerce.events import TOPICS, read_event

__all__ = ["TOPICS", "read_event"]
