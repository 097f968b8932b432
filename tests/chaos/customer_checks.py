"""What the topics must say of customers: every open ticket knows how many tickets its customer has open."""

from collections import Counter

from tests.chaos.findings import Findings
from tests.chaos.topic_records import Message, Topics

_MOST = 10
"""Rows count no further, by the packaged table of customers."""


def check_customers(topics: Topics, findings: Findings) -> None:
    """Compare what the newest row of each ticket says with a count of all newest rows."""
    newest: dict[str, Message] = {}
    for record in topics["tickets.log"]:
        body, known = record.body, newest.get(record.body["ticket_id"])
        if known is None or _place(record) > _place(known):
            newest[body["ticket_id"]] = record
    rows = {ticket_id: record.body["after"] for ticket_id, record in newest.items()}
    open_rows = {name: row for name, row in rows.items() if row.get("customer_id") and row["work"] != "none"}
    counts = Counter(row["customer_id"] for row in open_rows.values())
    for ticket_id, row in open_rows.items():
        expected = min(_MOST, counts[row["customer_id"]])
        if row["open_tickets_of_customer"] != expected:
            findings.add(
                "lost_notes", f"ticket {ticket_id}: {row['open_tickets_of_customer']} open, not {expected}"
            )


def _place(record: Message) -> tuple[int, int]:
    return record.body["life"], record.body["revision"]
