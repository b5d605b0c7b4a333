"""Tests of Shopify's formats."""
