"""How an encoder computes."""

from typing import Literal

Precision = Literal["f32", "bf16", "int8"]
"""int8 means that matrices are multiplied as 8-bit integers, all else in f32."""
