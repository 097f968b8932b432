"""Dead letters: read, repaired, checked by the contract, and sent back to where their records came from.

Used by `ticketyard dead`, and by the HTTP door for those who look at a page.
"""
