"""When a ticket must be lifted above its ordinary course: rules of a file, judged by fold and clocks.

Reads: the file of rules, a ticket's row, a fact. Does: keeps what the row must remember of each rule, and names when it
escalates or de-escalates the ticket. Writes: nothing.
"""
