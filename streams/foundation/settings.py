"""Settings of the speed layer; read once, passed on as arguments."""

from pathlib import Path

from pydantic import Field

from casework.escalation.table import DEFAULT as DEFAULT_ESCALATION
from schemas.records.thread_rule import ThreadPolicy, ThreadRule
from schemas.records.topics import INPUT_BYTES
from schemas.settings import CommonSettings


class StreamSettings(CommonSettings):
    """What a worker of the speed layer can be told by TICKETYARD_* variables."""

    worker_id: str = Field(
        default="",
        description="Names this worker in its group, so that a restart takes its partitions back at once; unique.",
    )
    step_records: int = Field(default=512, ge=1, description="At most so many records in one step.")
    step_bytes: int = Field(default=4 * 1024 * 1024, ge=1, description="At most so many bytes in one step.")
    fetch_spacing_s: float = Field(
        default=0.02,
        ge=0,
        description="Records gather for as long as a step takes before they are fetched, and no longer than this; "
        "for the stages roster and customers ten times as long.",
    )
    buffered_records: int = Field(
        default=4096,
        ge=1,
        description="Records that a worker holds in memory; a partition that holds its share of them is not fetched.",
    )
    commit_interval_s: float = Field(
        default=0.5, gt=0, description="How often finished offsets are committed: the replay window."
    )
    session_timeout_s: float = Field(
        default=8.0, gt=0, description="A worker silent for so long loses its partitions."
    )
    transaction_timeout_s: float = Field(
        default=30.0, gt=0, description="A transaction open for so long is aborted by the broker."
    )
    delivery_timeout_s: float = Field(
        default=120.0, gt=0, description="How long a send is retried before the worker gives up and restarts."
    )
    stalled_after_s: float = Field(
        default=45.0,
        gt=0,
        description="Lag without progress, or a blocked loop, for so long ends the worker.",
    )
    join_timeout_s: float = Field(
        default=120.0,
        gt=0,
        description="Without any share of the partitions, even an empty one, for so long the worker ends.",
    )
    watermark_interval_s: float = Field(
        default=0.25, gt=0, description="How often triage tells the time of an idle partition."
    )
    watermark_grace_s: float = Field(
        default=0.5,
        ge=0,
        description="How far the time of a partition stays behind the clock; what is due fires so much later.",
    )
    largest_event_bytes: int = Field(
        default=INPUT_BYTES,
        ge=1024,
        le=INPUT_BYTES,
        description="A larger event, however well it was compressed, is a dead letter that keeps its head.",
    )
    future_skew_s: float = Field(
        default=300.0, ge=0, description="An event further ahead of the clock than this is a dead letter."
    )
    score_texts: int = Field(
        default=256,
        ge=2,
        description="At most so many records in one step of triage, and about so many texts in one call of scoring.",
    )
    shrink_encoder: bool = Field(
        default=True,
        description="Whether the encoder reads fewer texts where records would wait too long; off: lag grows instead.",
    )
    delay_bound_s: float = Field(
        default=0.25,
        gt=0,
        description="The encoder gives way, down to none, before a record waits longer than this in triage.",
    )
    inference_threads: int = Field(default=1, ge=1, description="Threads of the encoder in one worker.")
    retire_after_days: float = Field(
        default=30.0,
        gt=0,
        description="A resolved or closed ticket leaves the state when so long nothing was heard of it.",
    )
    forget_after_days: float = Field(
        default=180.0,
        gt=0,
        description="The row of a ticket that left the state is kept so long: what comes later goes on from it.",
    )
    close_after_days: float = Field(
        default=0.0,
        ge=0,
        description="A resolved ticket is closed after so long; 0 leaves that to the source.",
    )
    sla: Path = Field(
        default=Path(__file__).parents[2] / "casework" / "sla" / "policies.yaml",
        description="What is promised of which ticket, and the calendars of the desk: a file that a user edits.",
    )
    thread_policy: ThreadPolicy = Field(
        default="confident_change",
        description="Which of a customer's messages sets the intent: first_message, confident_change, latest_message.",
    )
    thread_margin: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="confident_change: by so much confidence a later message must be surer than the standing one.",
    )
    thread_messages: int = Field(
        default=10,
        ge=1,
        description="So many of a ticket's texts are scored, counted from its opening and from each reopening.",
    )
    routing: Path | None = Field(
        default=None,
        description="The routing rules that a user edits: skills, offers, overflow; default: the packaged ones.",
    )
    customer_rules: Path | None = Field(
        default=None,
        description="The table of customers that a user edits: repeats, merges, wishes; default: the packaged one.",
    )
    escalation: Path = Field(
        default=DEFAULT_ESCALATION, description="The rules of escalation: a file that a user edits."
    )
    specialisation_weight: float = Field(default=0.4, ge=0, description="Routing: the agent's own subject.")
    skill_weight: float = Field(default=0.2, ge=0, description="Routing: how skilled in the subject.")
    free_capacity_weight: float = Field(default=0.2, ge=0, description="Routing: how much room is left.")
    performance_weight: float = Field(default=0.2, ge=0, description="Routing: how well past tickets went.")
    metrics_port: int = Field(
        default=0, ge=0, description="Port of the worker's Prometheus metrics; 0 is none."
    )
    intake_host: str = Field(
        default="127.0.0.1",
        description="Address that the HTTP door for events listens on; others than loopback need a key.",
    )
    intake_port: int = Field(
        default=8090, ge=0, le=65535, description="Port of the HTTP door for events; 0 takes a free one."
    )
    intake_hosts: str = Field(
        default="",
        description="Names by which clients reach the door, separated by commas; addresses and localhost always do.",
    )
    intake_source: str = Field(
        default="ticketyard/intake",
        min_length=1,
        max_length=256,
        description="The source of events that the door is sent without one.",
    )
    intake_requests: int = Field(
        default=256, ge=1, description="Requests that the door works on at the same time; others get 429."
    )
    intake_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Bytes that their bodies may have together."
    )
    intake_body_bytes: int = Field(
        default=8 * 1024 * 1024, ge=1024, description="The largest body of one request; others get 413."
    )
    intake_timeout_s: float = Field(
        default=10.0,
        gt=0,
        description="How long the door waits for a body, and for Kafka to acknowledge it.",
    )
    intake_remembered: int = Field(
        default=100_000,
        ge=1,
        description="Ids that the door remembers: an event that comes again gets the same answer.",
    )
    crash_at: str = Field(
        default="",
        description="For fault tests: `point:n` kills the worker hard when it reaches that point the n-th time.",
    )

    @property
    def thread_rule(self) -> ThreadRule:
        """Which of a customer's messages says what a ticket is about."""
        return ThreadRule(policy=self.thread_policy, margin=self.thread_margin, messages=self.thread_messages)
