"""What people do on a page: who they are, what they say of a ticket, and its way to the log through `stream intake`.

Reads: the views, to see what others have said meanwhile. Writes: events, over HTTP, to the address of the door.
"""
