"""Step 2 of a training: the encoder, as published or fine-tuned, and the vectors that it reads texts as."""
