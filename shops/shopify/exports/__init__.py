"""Shopify's own export files, and its Admin API's JSON. See docs/shopify.md."""

from shops.shopify.exports.files import FILES, Reader, read_rows, reader_for

__all__ = ["FILES", "Reader", "read_rows", "reader_for"]
