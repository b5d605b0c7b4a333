"""What the models of a shop's customers cost."""
