"""Reviews, what they come to, and which of them are quoted."""
