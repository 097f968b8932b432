"""`ticketyard triage` shows what was scored and what was left out of it."""

from datetime import UTC, datetime

from rich.console import Console

from infra.cli.models.triage import _details
from schemas.triage import Triage
from understanding.scoring.text import clean_text
from understanding.understand import CustomerMessage


def test_the_text_that_was_scored_and_what_was_left_out_are_shown() -> None:
    """Nobody could see why an amount of the help desk's own mail was not the ticket's."""
    text = (
        "It leaks, pay 34.50 EUR.\n-- \nRita \udce9\n\n"
        "On Mon, 4 May 2026 at 10:11, Ann <a@b.example> wrote:\n> 12 EUR"
    )
    result = Triage(model_version="m", decided_by="ngrams", team="t", cleaned=clean_text(text).cuts)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(_details(CustomerMessage(text, datetime(2026, 5, 4, tzinfo=UTC)), result))
    lines = [" ".join(line.split()) for line in shown.get().splitlines() if line.strip()]
    assert lines[:3] == [
        "scored It leaks, pay 34.50 EUR.",
        "left out signature 25-36: -- Rita ?",
        "quoted_reply 36-99: On Mon, 4 May 2026 at 10:11, Ann <a@b.example> w…",
    ]
