"""What this machine's processor can compute by itself, so that a model decides alike wherever it runs."""

import platform
from pathlib import Path
from typing import Literal

import openvino

from schemas.model.errors import BundleError

Precision = Literal["f32", "bf16", "int8"]
"""How the encoder computes; int8 means that matrices are multiplied as 8-bit integers, all else in f32."""


def native_bf16(core: openvino.Core | None = None) -> bool:
    """Return whether this processor computes in bfloat16 itself."""
    capabilities = (core or openvino.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


def exact_int8(*, machine: str | None = None, cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor sums products of 8-bit integers exactly.

    x86 without the instructions VNNI cuts off sums above 16 bits, so a model would decide differently there. False
    where an x86 system does not tell.
    """
    if (machine or platform.machine()) in ("aarch64", "arm64"):
        return True
    try:
        return "vnni" in cpu_info.read_text()
    except OSError:
        return False


def refuse_other_processors(precision: Precision, source: object, core: openvino.Core) -> None:
    """Raise BundleError where this processor would compute otherwise than the one that a model was trained on."""
    able = {"f32": True, "bf16": native_bf16(core), "int8": exact_int8()}
    if not able[precision]:
        raise BundleError(
            f"{source}: the model was trained with {precision} inference, which this processor cannot do, so it "
            "would decide differently here; train with --precision f32, which gives the same everywhere"
        )
