"""One ticket: its whole story on one line of time, what it is about, who has it, what happens next."""
