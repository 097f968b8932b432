"""Commands that publish events, ask about tickets, and send back what could not be handled."""
