"""The sandbox that templates run in: what they may read and call, and how much they may do."""
