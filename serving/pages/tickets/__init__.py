"""The list of tickets: search, filters that live in the address, order, pages, export."""
