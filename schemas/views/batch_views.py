"""The views that SQL cannot make: batch computes them, and serving shows them as of the run that it serves."""

from typing import Final

import msgspec

from schemas.views.base_columns import Column


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A view that batch computes from earlier views; it lacks what the realtime tail has."""

    name: str
    doc: str
    columns: tuple[Column, ...]


UNLABELLED_CLUSTERS: Final = BatchView(
    name="unlabelled_clusters",
    doc=(
        "One row per group of like tickets that no intent fits (unlabelled_tickets), of the newest two weeks that "
        "have any: each may be an intent that the taxonomy lacks. As of the batch run, without the realtime tail."
    ),
    columns=(
        Column("week", "DATE", "the Monday (UTC) of the week in which the tickets were opened"),
        Column("cluster", "BIGINT", "number of the group within its week, 1 is the largest"),
        Column("tickets", "BIGINT", "how many tickets it has"),
        Column("looked_at", "BIGINT", "of how many unlabelled tickets of the week: 1000 at most"),
        Column("words", "VARCHAR[]", "the words that tell it best from the others, the most telling first"),
        Column("ticket_ids", "VARCHAR[]", "its most typical tickets, the most typical first"),
        Column("likeness", "DOUBLE", "mean cosine of its tickets with their mean, 0..1: how close they are"),
        Column("nearest_intent", "VARCHAR", "what the model guessed most often; a group may belong there"),
        Column("nearest_share", "DOUBLE", "the share of its tickets of which it did"),
        Column("languages", "VARCHAR[]", "the languages of its tickets, the most frequent first"),
        Column("first_opened_at", "TIMESTAMPTZ", "when the first of them was opened"),
        Column("last_opened_at", "TIMESTAMPTZ", "when the last of them was opened"),
        Column("as_of", "TIMESTAMPTZ", "when the batch run made it"),
    ),
)

INTENT_MAP: Final = BatchView(
    name="intent_map",
    doc="One row per intent that was renamed, merged or split: what it is called now. As of the batch run.",
    columns=(
        Column("intent", "VARCHAR", "the intent as it was called"),
        Column("current_intent", "VARCHAR", "what it is called now; an intent that was split keeps its name"),
        Column("change", "VARCHAR", "renamed, merged or split"),
        Column("split_into", "VARCHAR[]", "what current_intent was split into, if it was"),
    ),
)

GIVEN_VIEWS: Final = (INTENT_MAP,)
"""What a run is told besides the logs; derived views read these too."""

BATCH_ONLY_VIEWS: Final = (UNLABELLED_CLUSTERS,)
"""What a run computes from all other views."""
