"""What this machine's processor computes by itself."""

import platform
from pathlib import Path
from typing import Final

from understanding.encoder.openvino_runtime import openvino

CPU_INFO: Final = Path("/proc/cpuinfo")
"""Where Linux tells; other systems have no such file."""

_OF_INTEREST: Final = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""Instructions that decide how quick an encoder is."""


_WITH_BF16: Final = {"avx512_bf16", "amx_bf16"}


def native_bf16(core: openvino.Core | None = None, cpu_info: Path = CPU_INFO) -> bool:
    """Return whether this processor computes in bfloat16 itself.

    OpenVINO says so of every processor with AVX-512, and imitates it slowly where the instructions are missing. So
    where the system tells which instructions there are, they decide.
    """
    capabilities = (core or openvino.Core()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    instructions = set(_told(cpu_info).get("flags", "").split())
    return "BF16" in capabilities and (not instructions or bool(instructions & _WITH_BF16))


def processor_name(cpu_info: Path = CPU_INFO) -> str:
    """Return the processor's name and those of its instructions that an encoder uses, as far as the system tells."""
    told = _told(cpu_info)
    if not told:
        return platform.processor() or platform.machine()
    instructions = set(told.get("flags", "").split())
    known = [name for name in _OF_INTEREST if name in instructions]
    return f"{told.get('model name', platform.machine())} ({', '.join(known) or 'none of AVX2 and later'})"


def _told(cpu_info: Path) -> dict[str, str]:
    """Return what the system tells of its first processor; nothing where it has no such file."""
    try:
        lines = [line.partition(":") for line in cpu_info.read_text().splitlines()]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in reversed(lines)}
