"""The model card: what a bundle can and cannot do, for whoever has to decide whether to use it.

Reads: a bundle, and labelled rows with its answers to them. Does: confusion, reliability, coverage, slices, costs,
and what swapped identity terms change. Writes: a folder with the card as Markdown, HTML and pictures.
"""
