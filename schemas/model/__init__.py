"""What a trained model is, and the one function that scores with it.

Reads: a bundle's folder (`bundle.load_bundle`). Does: `scoring.score`, pure and the same in the stream, in
batch and on the command line. Writes: a bundle's folder (`writing.write_bundle`) and the pointer to the
current one.
"""
