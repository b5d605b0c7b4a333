"""What a language lacks: translations, the campaign's own words in it, the brand's tone."""
