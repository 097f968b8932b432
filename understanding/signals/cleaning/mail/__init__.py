"""Of a mail, what its sender wrote: `replies.strip_replies` is the door, the other modules recognise parts."""
