"""What this machine's processor computes by itself."""

import platform
from pathlib import Path
from typing import Final

from understanding.encoder.openvino_runtime import openvino

_OF_INTEREST: Final = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""Instructions that decide how quick an encoder is."""


def native_bf16(core: openvino.Core | None = None) -> bool:
    """Return whether this processor computes in bfloat16 itself."""
    capabilities = (core or openvino.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capabilities


def processor_name(cpu_info: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name and those of its instructions that an encoder uses, as far as the system tells."""
    try:
        lines = [line.partition(":") for line in cpu_info.read_text().splitlines()]
    except OSError:
        return platform.processor() or platform.machine()
    told = {name.strip(): value.strip() for name, _, value in reversed(lines)}
    instructions = set(told.get("flags", "").split())
    known = [name for name in _OF_INTEREST if name in instructions]
    return f"{told.get('model name', platform.machine())} ({', '.join(known) or 'none of AVX2 and later'})"
