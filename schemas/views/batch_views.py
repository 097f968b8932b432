"""The views that SQL cannot make: batch computes them, and serving shows them as of the run that it serves."""

from typing import Final

import msgspec

from schemas.views.base_columns import BaseColumn


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A view that batch computes from earlier views; it lacks what the realtime tail has."""

    name: str
    doc: str
    columns: tuple[BaseColumn, ...]


UNLABELLED_CLUSTERS: Final = BatchView(
    name="unlabelled_clusters",
    doc=(
        "One row per group of like tickets that no intent fits (unlabelled_tickets), of the newest two weeks that "
        "have any: each may be an intent that the taxonomy lacks. As of the batch run, without the realtime tail."
    ),
    columns=(
        BaseColumn("week", "DATE", "the Monday (UTC) of the week in which the tickets were opened"),
        BaseColumn("cluster", "BIGINT", "number of the group within its week, 1 is the largest"),
        BaseColumn("tickets", "BIGINT", "how many tickets it has"),
        BaseColumn("looked_at", "BIGINT", "of how many unlabelled tickets of the week: 1000 at most"),
        BaseColumn(
            "words", "VARCHAR[]", "the words that tell it best from the others, the most telling first"
        ),
        BaseColumn("ticket_ids", "VARCHAR[]", "its most typical tickets, the most typical first"),
        BaseColumn(
            "likeness", "DOUBLE", "mean cosine of its tickets with their mean, 0..1: how close they are"
        ),
        BaseColumn(
            "nearest_intent", "VARCHAR", "what the model guessed most often; a group may belong there"
        ),
        BaseColumn("nearest_share", "DOUBLE", "the share of its tickets of which it did"),
        BaseColumn("languages", "VARCHAR[]", "the languages of its tickets, the most frequent first"),
        BaseColumn("first_opened_at", "TIMESTAMPTZ", "when the first of them was opened"),
        BaseColumn("last_opened_at", "TIMESTAMPTZ", "when the last of them was opened"),
        BaseColumn("as_of", "TIMESTAMPTZ", "when the batch run made it"),
    ),
)

INTENT_MAP: Final = BatchView(
    name="intent_map",
    doc="One row per intent that was renamed, merged or split: what it is called now. As of the batch run.",
    columns=(
        BaseColumn("intent", "VARCHAR", "the intent as it was called"),
        BaseColumn(
            "current_intent", "VARCHAR", "what it is called now; an intent that was split keeps its name"
        ),
        BaseColumn("change", "VARCHAR", "renamed, merged or split"),
        BaseColumn("split_into", "VARCHAR[]", "what current_intent was split into, if it was"),
    ),
)

GIVEN_VIEWS: Final = (INTENT_MAP,)
"""What a run is told besides the logs; derived views read these too."""

BATCH_ONLY_VIEWS: Final = (UNLABELLED_CLUSTERS,)
"""What a run computes from all other views."""
