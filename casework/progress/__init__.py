"""How far a ticket has come: which moves between statuses are legal, who is waited on, what has been tried."""
