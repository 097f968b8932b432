"""Lists of tickets, as pages and doors both have them: a search in texts, and files of what was found."""
