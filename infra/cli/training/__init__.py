"""`ticketyard train` and `ticketyard evaluate`, and what both are made of."""
