"""Which processor a report was measured on: figures of two processors are not comparable without it."""

import os
from pathlib import Path
from typing import Final, Self

import msgspec

INSTRUCTION_SETS: Final = ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""Those that decide how quick an encoder is in 8-bit integers and in bfloat16."""


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    """The model as the system names it, its cores, and which of INSTRUCTION_SETS it has."""

    model: str
    cores: int
    has: tuple[str, ...]

    @classmethod
    def of(cls, cpu_info: str, cores: int) -> Self:
        """Read what Linux says in /proc/cpuinfo; the text may be empty."""
        fields = {
            name.strip(): value.strip() for name, _, value in map(_parted, cpu_info.splitlines()) if name
        }
        flags = set(fields.get("flags", fields.get("Features", "")).split())
        model = fields.get("model name", "a processor that the system does not name")
        return cls(model=model, cores=cores, has=tuple(name for name in INSTRUCTION_SETS if name in flags))

    @classmethod
    def here(cls, file: Path = Path("/proc/cpuinfo")) -> Self:
        """Return this machine's."""
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:  # another system than Linux
            text = ""
        return cls.of(text, os.cpu_count() or 1)

    def __str__(self) -> str:
        lacks = [name for name in INSTRUCTION_SETS if name not in self.has]
        return (
            f"{self.model}, {self.cores} cores; has {', '.join(self.has) or 'none of the instruction sets'}"
            + (f"; lacks {', '.join(lacks)}" if lacks else "")
        )


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")
