"""Reviews: what becomes of one, which count, which may be quoted, and what may stand in them."""
