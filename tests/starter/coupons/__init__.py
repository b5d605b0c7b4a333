"""Commands and shops that are about coupons."""
