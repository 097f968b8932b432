"""How tickets find their agents, as far as a person decides it: the file of routing rules and the clocks of a wait.

Reads: the rules' file, a ticket's row. Does: says which skills a ticket needs, for whom it waits, when that ends and
how it goes on. Writes: nothing; the stages cases and routing ask it.
"""
