"""What identifies a verdict of the gate."""

from datetime import UTC, datetime

from msgspec.structs import replace

from batch.releases.verdicts import Verdict
from understanding.manifest.manifest import Evaluation
from understanding.manifest.pointer import CurrentModel

EVALUATION = Evaluation(
    bundle_version="v2", test_sum="t", n=10, accuracy=0.9, macro_f1=0.9, micro_f1=0.9, texts_per_second=1.0,
    encoder_share=0.5,
)  # fmt: skip
VERDICT = Verdict(
    inputs_sum="i",
    decided_at=datetime(2026, 3, 2, tzinfo=UTC),
    publish=True,
    reason="better",
    challenger=EVALUATION,
    champion=None,
    taxonomy_version="1",
    pointer=CurrentModel(version="v2", uri="v2", sha256="s"),
    replaced_version="v1",
)


def test_ids_are_derived() -> None:
    """A verdict has the same id each time; other inputs, or the same ones judged again, are another verdict."""
    assert VERDICT.id == replace(VERDICT).id
    again = replace(VERDICT, decided_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert len({VERDICT.id, replace(VERDICT, inputs_sum="j").id, again.id}) == 3
