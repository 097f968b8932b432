"""What this machine's processor can compute by itself, so that a model decides alike, or nearly, wherever it runs."""

import platform
from pathlib import Path
from typing import Final

from schemas.model.errors import BundleError
from schemas.model.openvino_runtime import openvino
from schemas.model.precision import Precision

_VNNI: Final = frozenset({"avx512_vnni", "avx_vnni"})


def native_bf16(core: openvino.Core | None = None) -> bool:
    """Return whether this processor computes in bfloat16 itself."""
    capabilities = (core or openvino.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


def exact_int8(*, machine: str | None = None, cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor sums products of 8-bit integers exactly.

    x86 without the instructions VNNI cuts off sums above 16 bits, so a model would decide differently there. Where they
    are exact, processors of different families may still round what lies between differently (docs/models.md). False
    where an x86 system does not tell.
    """
    if (machine or platform.machine()) in ("aarch64", "arm64"):
        return True
    try:
        return not _VNNI.isdisjoint(cpu_info.read_text().split())
    except OSError:
        return False


def refuse_other_processors(precision: Precision, source: object, core: openvino.Core) -> None:
    """Raise BundleError where this processor would compute otherwise than the one that a model was trained on."""
    able = {"f32": True, "bf16": native_bf16(core), "int8": exact_int8()}
    if not able[precision]:
        raise BundleError(
            f"{source}: the model was trained with {precision} inference, which this processor cannot do, so it "
            "would decide differently here; train with --precision f32, or TICKETYARD_TRAIN_PRECISION=f32 for "
            "`batch train`, which runs everywhere"
        )
