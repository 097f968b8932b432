"""The views that analysts query: columns, types and meaning, the same in batch and in serving.

A base view holds the records of one served log. A given view holds what a batch run was told besides the logs. The
SQL files in `schemas/views/sql` make derived views of both, and both engines run them (`DUCKDB_MACROS` stand in for
functions of Spark's). `schemas.views.batch_views` has the views that SQL cannot make. The types are SQL's: VARCHAR,
BIGINT, DOUBLE, BOOLEAN, TIMESTAMPTZ, DATE, VARCHAR[].
"""

import re
from importlib import resources
from pathlib import PurePath
from typing import Final

import msgspec

from schemas.records.topics import Topic
from schemas.views.base_columns import (
    AGENT_EVENTS,
    ALERTS,
    DEAD_LETTERS,
    DELIVERIES,
    DEPARTURES,
    LETTER_REPLAYS,
    MODELS,
    TICKET_EVENTS,
    BaseColumn,
)
from schemas.views.batch_views import BATCH_ONLY_VIEWS, GIVEN_VIEWS, BatchView
from schemas.views.ticket_columns import TICKETS

_HEADER_COLUMN: Final = re.compile(r"--   (?P<name>\w+) (?P<type>[A-Z]+(?:\[\])?): (?P<doc>.+)")


class BaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A view of one topic's records, so that batch's rows and the tail's can be united.

    Of rows with equal `key` the first by `order` stays: the lowest offset of equal ids, and the highest
    (life, revision) of a ticket's rows.
    """

    name: str
    topic: Topic
    doc: str
    columns: tuple[BaseColumn, ...]
    key: tuple[str, ...]
    order: tuple[str, ...]


class DerivedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view that `sql` makes: a SELECT over base views and earlier derived views by their plain names."""

    name: str
    doc: str
    columns: tuple[BaseColumn, ...]
    sql: str


View = BaseView | DerivedView | BatchView

_LOWEST_OFFSET: Final = ("log_partition", "log_offset")

BASE_VIEWS: Final = (
    BaseView(
        name="tickets",
        topic=Topic.TICKETS_LOG,
        doc="One row per ticket: its newest state.",
        columns=TICKETS,
        key=("ticket_id",),
        order=("life DESC", "revision DESC", *_LOWEST_OFFSET),
    ),
    BaseView(
        name="ticket_events",
        topic=Topic.TICKETS_LOG,
        doc="One row per event of a ticket, ordered by (life, revision), with the main fields after it.",
        columns=TICKET_EVENTS,
        key=("ticket_id", "life", "revision"),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="alerts",
        topic=Topic.TICKETS_ALERTS,
        doc="One row per alert: what somebody had to be told of at once.",
        columns=ALERTS,
        key=("alert_source", "alert_id"),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="webhook_outcomes",
        topic=Topic.ALERTS_DELIVERIES,
        doc="One row per end of telling an address about an alert: it took it, or that was given up.",
        columns=DELIVERIES,
        key=("event_id",),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="customer_departures",
        topic=Topic.CUSTOMERS_EVENTS,
        doc="One row per word that a customer has left, or that this was wrong.",
        columns=DEPARTURES,
        key=("event_source", "event_id"),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="agent_events",
        topic=Topic.AGENTS_EVENTS,
        doc="One row per event about an agent: what people entered and what batch measured.",
        columns=AGENT_EVENTS,
        key=("event_source", "event_id"),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="dead_letters",
        topic=Topic.TICKETS_DEAD,
        doc="One row per record that a stage could not process, and why.",
        columns=DEAD_LETTERS,
        key=("topic_id", "source_partition", "source_offset", "stage"),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="letter_replays",
        topic=Topic.TICKETS_DEAD,
        doc="One row per time that a dead letter was sent back, by whom and why.",
        columns=LETTER_REPLAYS,
        key=("event_id",),
        order=_LOWEST_OFFSET,
    ),
    BaseView(
        name="models",
        topic=Topic.MODELS_PUBLISHED,
        doc="One row per model version that won its gate.",
        columns=MODELS,
        key=("version",),
        order=_LOWEST_OFFSET,
    ),
)
"""Every base view."""


def unique_rows_sql(view: BaseView, source: str) -> str:
    """Return the SELECT that keeps, of the rows of `source` with equal key, the first by the view's order."""
    columns = ", ".join(column.name for column in view.columns)
    window = f"PARTITION BY {', '.join(view.key)} ORDER BY {', '.join(view.order)}"
    return (
        f"SELECT {columns} FROM (SELECT *, ROW_NUMBER() OVER ({window}) AS row_rank FROM {source}) AS ranked "  # noqa: S608
        "WHERE row_rank = 1"
    )


def parse_view(name: str, text: str) -> DerivedView:
    """Read a view's SQL file: comment lines with what it is, then with its columns, then the SELECT.

    The header is `-- sentence` lines, then per column, in the SELECT's order, `--   name TYPE: meaning`.
    """
    lines = text.splitlines()
    header = [line for line in lines if line.startswith("--")]
    columns = tuple(
        BaseColumn(**found.groupdict()) for line in header if (found := _HEADER_COLUMN.match(line))
    )
    doc = " ".join(line.removeprefix("--").strip() for line in header if not _HEADER_COLUMN.match(line))
    sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
    return DerivedView(name=name, doc=doc, columns=columns, sql=sql)


def _read(file: str) -> str:
    return resources.files("schemas.views").joinpath("sql", file).read_text(encoding="utf-8")


_DERIVED: Final = (
    "routing/agents",
    "tickets/ticket_outcomes",
    "sla/sla_clocks",
    "sla/sla_met",
    "sla/sla_breaches",
    "sla/escalations",
    "sla/escalation_causes",
    "tickets/daily_analytics",
    "tickets/resolution_times",
    "tickets/resolution_analytics",
    "tickets/resolution_trends",
    "tickets/progress",
    "routing/agent_performance",
    "learning/model_quality",
    "routing/queues",
    "learning/overrides",
    "learning/override_rates",
    "routing/waits",
    "routing/queue_depth",
    "routing/queue_waits",
    "routing/workload_now",
    "learning/label_corrections",
    "learning/weekly_distributions",
    "learning/decided_weeks",
    "learning/model_drift",
    "learning/intent_weeks",
    "learning/intent_overlaps",
    "learning/unlabelled_tickets",
    "customers/customers_left",
    "learning/predictions",
    "customers/satisfaction",
    "learning/prediction_quality",  # it names satisfaction as a target
    "sla/alert_deliveries",
    "tickets/ticket_links",
    "customers/customers",
    "customers/customers_at_risk",
    "customers/merge_proposals",
    "tickets/data_quality",
    "tickets/dead_letter_outcomes",
)

DERIVED_VIEWS: Final = tuple(parse_view(PurePath(file).name, _read(f"{file}.sql")) for file in _DERIVED)
"""Every derived view; each comes after those that it reads."""

_ALL: Final[tuple[View, ...]] = (*BASE_VIEWS, *GIVEN_VIEWS, *DERIVED_VIEWS, *BATCH_ONLY_VIEWS)
VIEWS: Final[dict[str, View]] = {view.name: view for view in _ALL}
"""All views by name; each comes after those that it reads."""

DUCKDB_MACROS: Final = _read("duckdb_macros.sql")
"""Statements to run once in each DuckDB database before a derived view: functions that Spark has."""
