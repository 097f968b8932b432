"""What a customer's messages say, and how sure that is.

Reads: messages, and the folder of a model bundle. Does: `understand.understand`, the one function that the stream, the
batch layer and the command line share; pure, and the same text gives the same result in any of them. Writes: a bundle's
folder and the pointer to the current one.
"""
