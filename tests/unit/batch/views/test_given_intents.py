"""What a run of the views is told about intents that were renamed, merged or split."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from batch.views.given_intents import NOTHING_GIVEN, given_intents
from batch.views.row_batches import arrow_schema
from batch.views.runs import write_manifest
from schemas.settings import CommonSettings
from schemas.views.batch_views import INTENT_MAP
from schemas.views.manifest import Manifest, ViewFiles

TAXONOMY = CommonSettings().taxonomy

RUN = "20260302T000000000Z-00000001"


def map_file(folder: Path, text: str) -> Path:
    """Write a map."""
    file = folder / "intent_map.yaml"
    file.write_text(f'version: "1"\n{text}', encoding="utf-8")
    return file


def test_the_files_say_what_became_of_intents(tmp_path: Path) -> None:
    """Each old name is a row, under the sum of the file that names it."""
    found = given_intents(TAXONOMY, map_file(tmp_path, "renamed: {crash: app_crash}"), tmp_path)
    assert list(found.rows) == [
        {"intent": "crash", "current_intent": "app_crash", "change": "renamed", "split_into": []}
    ]
    assert len(found.sum) == 64


def test_a_mistake_is_told_and_holds_up_no_view(tmp_path: Path) -> None:
    """The served run's map stays until the file is mended; before any run there is none."""
    wrong = map_file(tmp_path, "renamed: {crash: nothing_like_it}")
    views = tmp_path / "views"
    with structlog.testing.capture_logs() as logs:
        assert given_intents(TAXONOMY, wrong, views) == NOTHING_GIVEN
    assert "nothing_like_it" in logs[0]["error"]

    (views / RUN / "intent_map").mkdir(parents=True)
    row = {"intent": "crash", "current_intent": "app_crash", "change": "renamed", "split_into": ["a", "b"]}
    table = pa.Table.from_pylist([row], schema=arrow_schema(INTENT_MAP.columns))
    pq.write_table(table, views / RUN / "intent_map" / "part.parquet")
    manifest = Manifest(
        run_id=RUN,
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        history_commit=1,
        boundary={},
        views={"intent_map": ViewFiles(path="intent_map", rows=1)},
        code_version="test",
        intent_map="sum-1",
    )
    write_manifest(views, manifest)
    kept = given_intents(TAXONOMY, wrong, views)
    assert (list(kept.rows), kept.sum) == ([row], "sum-1")
