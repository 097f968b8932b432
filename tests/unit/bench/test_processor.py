"""Naming the processor of a report."""

from pathlib import Path

from tests.bench.processor import Processor

_INTEL = (
    "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) 6 @ 2.0GHz\nflags\t\t: fpu avx2 avx512_bf16 avx512_vnni\n\n"
    "processor\t: 1\nmodel name\t: Intel(R) Xeon(R) 6 @ 2.0GHz\nflags\t\t: fpu avx2 avx512_bf16 avx512_vnni\n"
)


def test_model_cores_and_instruction_sets_are_read() -> None:
    """The report names the model, the cores, and of the instruction sets that matter those that are there."""
    found = Processor.of(_INTEL, 2)

    assert found == Processor(
        model="Intel(R) Xeon(R) 6 @ 2.0GHz", cores=2, has=("avx2", "avx512_vnni", "avx512_bf16")
    )


def test_what_is_missing_is_said() -> None:
    """A reader sees which of the instruction sets a processor lacks without knowing the list."""
    assert str(Processor.of(_INTEL, 2)) == (
        "Intel(R) Xeon(R) 6 @ 2.0GHz, 2 cores; has avx2, avx512_vnni, avx512_bf16; lacks amx_int8, amx_bf16"
    )


def test_a_name_within_another_is_not_taken_for_it() -> None:
    """avx512_vnni_x is no avx512_vnni: flags are whole words."""
    assert Processor.of("flags : avx512_vnni_x avx2x", 1).has == ()


def test_a_system_that_tells_nothing_has_a_name_all_the_same(tmp_path: Path) -> None:
    """Where there is no /proc/cpuinfo, as on macOS, the report says that the processor is not named."""
    found = Processor.here(tmp_path / "none")

    assert found.model == "a processor that the system does not name"
    assert found.has == ()
    assert found.cores >= 1
