"""What is told of a processor."""

from pathlib import Path

import pytest

from understanding.encoder import network
from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.processors import native_bf16, processor_name


def test_a_processor_is_named_with_the_instructions_that_matter(tmp_path: Path) -> None:
    """Bundles and reports name them, since figures of one processor say little about another."""
    told = tmp_path / "cpuinfo"
    told.write_text(
        "processor\t: 0\nmodel name\t: Fast 9000\nflags\t\t: fpu avx2 amx_int8 sse4_2\n\nprocessor\t: 1\n"
    )
    assert processor_name(told) == "Fast 9000 (avx2, amx_int8)"
    told.write_text("model name : Old\nflags : fpu\n")
    assert processor_name(told) == "Old (none of AVX2 and later)"


def test_a_system_that_does_not_tell_is_no_crash(tmp_path: Path) -> None:
    """Other systems than Linux have no such file."""
    assert processor_name(tmp_path / "nothing")


@pytest.mark.parametrize(("native", "computed"), [(True, "bf16"), (False, "f32")])
def test_bf16_is_computed_in_f32_where_the_processor_has_none(
    monkeypatch: pytest.MonkeyPatch, native: bool, computed: str
) -> None:
    """A bundle made elsewhere was refused there; its last digits differ, and it decides."""
    monkeypatch.setattr(network, "native_bf16", lambda _core: native)
    options = network.inference_options("bf16", 1, openvino.Core())
    assert options["INFERENCE_PRECISION_HINT"] == computed
    assert network.inference_options("int8", 1, openvino.Core())["INFERENCE_PRECISION_HINT"] == "f32"


@pytest.mark.parametrize(
    ("told", "native"), [("avx2 avx512f", False), ("avx512f avx512_bf16", True), ("avx512f amx_bf16", True)]
)
def test_imitated_bf16_is_not_native(tmp_path: Path, told: str, native: bool) -> None:
    """OpenVINO names BF16 for any processor with AVX-512; where it only imitates it, f32 is twice as quick."""
    core = openvino.Core()
    info = tmp_path / "cpuinfo"
    info.write_text(f"model name : Some\nflags : {told}\n")
    named = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert native_bf16(core, info) == (native and named)
    assert native_bf16(core, tmp_path / "nothing") == named
