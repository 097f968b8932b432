"""What the page System shows; all but the dead letters comes from what the tail last said."""

from typing import Any

from serving.assembly.service import Serving
from serving.doors.operations import problems
from serving.merge.answers import Snapshot
from serving.pages.figures import tile, values


def read_system(snapshot: Snapshot, serving: Serving) -> dict[str, Any]:
    """Return what the template needs."""
    state, letters = serving.served, values(snapshot, "dead_letters", by=["stage", "error"])
    return {
        "problems": problems(serving.status, state, serving.sql_failure),
        "alive": serving.status.alive,
        "run_id": state.run_id,
        "tile": tile("dead_letters", sum(row["dead_letters"] for row in letters), serving.clock()),
        "letters": letters,
        "partitions": [
            {"topic": name, "partition": number, "batch": part.batch, "next": part.next}
            for name, topic in sorted(state.topics.items())
            for number, part in sorted(topic.partitions.items(), key=lambda item: int(item[0]))
        ],
    }
