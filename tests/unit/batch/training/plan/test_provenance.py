"""What a bundle says made it."""

from batch.training.plan.provenance import deciding_files


def test_what_cleans_a_text_is_in_the_sum_of_the_code() -> None:
    """It makes every input of a model: other cleaning made other models, which named the same code."""
    names = {name for name, _ in deciding_files()}
    assert {
        "signals/cleaning/message.py",
        "signals/cleaning/mail/replies.py",
        "signals/lexicons/links.yaml",
        "scoring/scoring.py",
        "tiers/fit.py",
    } <= names
