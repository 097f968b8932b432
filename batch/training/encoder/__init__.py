"""Step 2 of a training: the encoder, as published or fine-tuned, and the vectors that it reads texts as.

sentence-transformers is not used. The published weights come packed in 4 bits, whose 250,000 word vectors stay in a
mapped file; only the upper layers are trained, over stored states of the lower ones; and workers run OpenVINO's
networks. It would load, read and train all of it in PyTorch, at 400 MB more a process (ARCHITECTURE.md, "Models").
"""
