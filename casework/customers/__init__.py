"""What is known of a customer over all tickets: repeat contacts, tickets about one thing, wishes, tier.

Reads: tickets as customers.work pictures them, the table of customers. Does: says what each ticket should know of the
others. Writes: nothing; the stage of customers and the fold call it.
"""
