"""Business time: the hours of a desk by weekday, its holidays and its time zone, and arithmetic in them."""
