"""Reviews as they arrive: written on our page, moderated, imported."""
