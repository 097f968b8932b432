"""What the compared stream processors read of a record."""

from datetime import UTC, datetime

import msgspec

from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent
from schemas.taxonomy import load_taxonomy
from streams.stages.triage.intake import message_of
from tests.bench.lives import Phase, lives
from tests.bench.peers.work import Body, said_in

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_peers_score_exactly_the_texts_that_triage_scores() -> None:
    """A peer that left out texts, or read agents' words too, would be compared at other work."""
    events = [item.event for item in lives([Phase(20, 20)], 5, load_taxonomy())]
    ours = [message_of(event, NOW) for event in events if isinstance(event, TicketEvent)]
    theirs = [
        said_in(msgspec.json.decode(encode_body(event), type=Body), NOW.isoformat().encode())
        for event in events
        if isinstance(event, TicketEvent)
    ]

    assert sum(said is not None for said in theirs) > 400
    assert theirs == ours
