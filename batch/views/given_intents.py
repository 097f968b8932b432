"""What a run of the views is told about intents that were renamed, merged or split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

from batch.views.announcements import read_view
from batch.views.runs import served_run
from schemas.errors import Permanent
from schemas.intent_map import load_intent_map
from schemas.taxonomy import load_taxonomy
from schemas.views.batch_views import INTENT_MAP

log = structlog.get_logger(__name__)


class GivenIntents(NamedTuple):
    """The rows of the view `intent_map`, and the sha256 of the file that says so."""

    rows: Sequence[Mapping[str, Any]] = ()
    sum: str = ""


NOTHING_GIVEN: Final = GivenIntents()


def given_intents(taxonomy: Path, intent_map: Path, views: Path) -> GivenIntents:
    """Return what the files say; where they have mistakes, what the served run was told.

    Whoever mistypes a name must hear of it, but the views of all tickets do not wait for that.
    """
    try:
        intents = load_intent_map(intent_map, load_taxonomy(taxonomy))
    except Permanent as error:
        log.warning("the intent map cannot be used: views keep that of the served run", error=str(error))
        return _of_served_run(views)
    return GivenIntents([row._asdict() for row in intents.rows()], intents.sum)


def _of_served_run(views: Path) -> GivenIntents:
    run = served_run(views)
    if run is None or INTENT_MAP.name not in run.manifest.views:
        return NOTHING_GIVEN
    return GivenIntents(read_view(views, run, INTENT_MAP.name), run.manifest.intent_map)
