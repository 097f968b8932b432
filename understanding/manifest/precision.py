"""How an encoder computes."""

from typing import Literal

Precision = Literal["f32", "bf16", "int8"]
"""int8 means that matrices are multiplied as 8-bit integers, all else in f32.

Weights have seven bits, so that the sums of products fit where a processor cuts them off at 16 bits: the integers are
the same on every processor.
"""
