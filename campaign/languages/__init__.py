"""Languages: tags and how they fall back, words kept in TOML, money and dates as people write them."""
