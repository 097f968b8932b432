"""The command `ticketyard`: a module for each subcommand, in folders by what it is about, imported only when called."""
