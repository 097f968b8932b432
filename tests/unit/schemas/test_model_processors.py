"""Which processors a model decides alike on."""

from pathlib import Path

import pytest

from schemas.model import processors
from schemas.model.errors import BundleError
from schemas.model.openvino_runtime import openvino
from schemas.model.processors import exact_int8, refuse_other_processors


def test_integers_are_exact_where_the_processor_says_so(tmp_path: Path) -> None:
    """x86 by its flags, other processors always, and no file is no promise."""
    told = tmp_path / "cpuinfo"
    assert not exact_int8(machine="x86_64", cpu_info=told)
    told.write_text("flags\t\t: fpu sse4_2 avx2\n")
    assert not exact_int8(machine="x86_64", cpu_info=told)
    assert exact_int8(machine="aarch64", cpu_info=told)
    told.write_text("flags\t\t: fpu avx512f avx512_vnni\n")
    assert exact_int8(machine="x86_64", cpu_info=told)


def test_a_model_for_another_processor_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the model and the way out; f32 runs everywhere."""
    monkeypatch.setattr(processors, "exact_int8", lambda: False)
    refuse_other_processors("f32", "mine", openvino.Core())
    with pytest.raises(BundleError, match=r"mine: the model was trained with int8.*--precision f32"):
        refuse_other_processors("int8", "mine", openvino.Core())
