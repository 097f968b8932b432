"""What a worker loads before it does anything: `ticketyard up` starts five, and each that dies starts again."""

import subprocess
import sys

HEAVY = ("holidays", "numpy", "openvino", "scipy", "sentencepiece", "sklearn")


def test_a_worker_without_a_model_loads_neither_arrays_nor_networks() -> None:
    """Cases looked at the pointer of predictions, and each worker of each stage had OpenVINO for that."""
    script = f"import sys, streams.run; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
