"""The command `ticketyard`: a module for each subcommand, imported only when that one is called."""
