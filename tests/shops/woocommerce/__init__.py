"""Tests of shops/woocommerce/."""
