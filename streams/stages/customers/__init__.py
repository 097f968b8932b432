"""The customers stage: one state per customer, over all tickets and channels.

Reads: customers.work, customers.events. Does: keeps a customer's newest tickets and tier; says what each ticket should
know of the others. Writes: tickets.decisions (notes, repeat contacts).
"""
