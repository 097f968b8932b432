"""Workers on processors of different kinds decide alike: the same bundle, with instructions taken away."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

from understanding.bundle.bundle import load_bundle

WITH_VNNI = "AVX512_CORE_VNNI"
WITHOUT_VNNI = ("AVX2", "AVX512_CORE")
"""Kinds of processors, as oneDNN names them, that know less than today's; none of them has bfloat16."""

_SCORE = """
import sys
from pathlib import Path
import msgspec
from understanding.bundle.bundle import load_bundle
from understanding.encoder import network
from tests.small_model import small_rows
if sys.argv[2] == "older":
    network.native_bf16 = lambda core: False
bundle = load_bundle(Path(sys.argv[1]))
texts = [row.text for row in small_rows(20)]
vectors = bundle.encoder.embed(texts)
answers = bundle.probabilities(bundle.head.calibrated(vectors, bundle.ngrams.logits(texts)))
sys.stdout.buffer.write(msgspec.json.encode([vectors.tolist(), answers.tolist()]))
"""


def _scored(bundle: Path, kind: str | None) -> tuple[np.ndarray, np.ndarray]:
    """What a process answers whose oneDNN uses no newer instructions, and whose processor has none for bfloat16."""
    environment = {**os.environ, **({} if kind is None else {"ONEDNN_MAX_CPU_ISA": kind})}
    done = subprocess.run(
        [sys.executable, "-c", _SCORE, str(bundle), "today's" if kind is None else "older"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    vectors, answers = msgspec.json.decode(done.stdout)
    return np.array(vectors), np.array(answers)


def test_older_processors_decide_alike(small_bundle: Path) -> None:
    """With VNNI integers change nothing; elsewhere sums are rounded otherwise: probabilities by less than 0.1.

    The bundle is in the form that set-up chose here. One in bfloat16 computes in float32 elsewhere, which is near.
    """
    vectors, answers = _scored(small_bundle, None)
    _, theirs = _scored(small_bundle, WITH_VNNI)
    forms = load_bundle(small_bundle).manifest.forms
    bound = 1e-3 if forms is None or forms.chosen == "int8" else 1e-2
    assert np.abs(answers - theirs).max() < bound
    for kind in WITHOUT_VNNI:
        others, theirs = _scored(small_bundle, kind)
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
        assert ((vectors * others).sum(axis=1) / lengths).mean() > 0.995, kind
        assert (answers.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= 0.98, kind
        assert np.abs(answers - theirs).max() < 0.1, kind
