"""Workers on processors of different kinds decide alike: the same bundle, with instructions taken away."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

from schemas.model.processors import processor_name

OLDER = ("AVX2", "AVX512_CORE", "AVX512_CORE_VNNI")
"""Kinds of processors, as oneDNN names them, that know less than today's."""

SAME: float = 0.99
"""The part of the answers that must be the same; where one differs, both are unsure."""

_SCORE = """
import sys
from pathlib import Path
import msgspec
from schemas.model.bundle import load_bundle
from tests.small_model import small_rows
bundle = load_bundle(Path(sys.argv[1]))
texts = [row.text for row in small_rows(20)]
vectors = bundle.embed(texts)
answers = bundle.probabilities(bundle.head.calibrated(vectors, bundle.ngrams.logits(texts)))
sys.stdout.buffer.write(msgspec.json.encode([vectors.tolist(), answers.tolist()]))
"""


def _scored(bundle: Path, kind: str | None) -> tuple[np.ndarray, np.ndarray]:
    environment = {**os.environ, **({} if kind is None else {"ONEDNN_MAX_CPU_ISA": kind})}
    done = subprocess.run(
        [sys.executable, "-c", _SCORE, str(bundle)], env=environment, capture_output=True, check=True
    )
    vectors, answers = msgspec.json.decode(done.stdout)
    return np.array(vectors), np.array(answers)


def test_older_processors_decide_alike(small_bundle: Path) -> None:
    """Vectors keep their direction to the third decimal and answers stay, in whatever form the bundle is."""
    vectors, answers = _scored(small_bundle, None)
    for kind in OLDER:
        others, theirs = _scored(small_bundle, kind)
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
        cosines = (vectors * others).sum(axis=1) / lengths
        assert cosines.min() > 0.995, f"{kind} on {processor_name()}"
        assert (answers.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= SAME, kind
        assert np.abs(answers - theirs).max() < 0.1, kind
