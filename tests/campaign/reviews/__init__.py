"""Who is requested to write a review, and what becomes of one."""
